// Lets a kind's row (resource/kind.h) name functions over its own message type.
//
//   .validate = Typed<&ValidateKey>
#ifndef TOLLGATE_CONTROLPLANE_RESOURCE_TYPED_H_
#define TOLLGATE_CONTROLPLANE_RESOURCE_TYPED_H_

#include <vector>

#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

namespace typed_internal {

template <auto Function>
struct Adapter;

template <typename Resource, absl::Status (*Function)(const Resource&)>
struct Adapter<Function> {
  static absl::Status Call(const Message& resource) {
    return Function(static_cast<const Resource&>(resource));
  }
};

template <typename Resource, absl::Status (*Function)(const Resource&, const Resource&)>
struct Adapter<Function> {
  static absl::Status Call(const Message& before, const Message& after) {
    return Function(static_cast<const Resource&>(before), static_cast<const Resource&>(after));
  }
};

template <typename Resource, void (*Function)(const Resource&, std::vector<Reference>&)>
struct Adapter<Function> {
  static void Call(const Message& resource, std::vector<Reference>& out) {
    Function(static_cast<const Resource&>(resource), out);
  }
};

}  // namespace typed_internal

template <auto Function>
inline constexpr auto* Typed = &typed_internal::Adapter<Function>::Call;

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_RESOURCE_TYPED_H_
