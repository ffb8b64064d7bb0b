// Early return for absl::Status and absl::StatusOr, in the shape of Abseil's later
// absl/status/status_macros.h.
//
//   TG_RETURN_IF_ERROR(store.Write(batch));
//   TG_ASSIGN_OR_RETURN(std::string text, file_system.ReadFile(path));
//   TG_ASSIGN_OR_RETURN(member_, MakeIt());
//
// Both may be used in a function that returns absl::Status or absl::StatusOr<T>.  The right-hand
// side is evaluated once.  TG_ASSIGN_OR_RETURN expands to several statements: it needs braces
// under an `if`.
#ifndef TOLLGATE_BASE_STATUS_MACROS_H_
#define TOLLGATE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TG_STATUS_CONCAT_INNER_(a, b) a##b
#define TG_STATUS_CONCAT_(a, b) TG_STATUS_CONCAT_INNER_(a, b)

// The name is unique per use, so that an expression which itself contains a lambda with the macro
// does not shadow it.
#define TG_RETURN_IF_ERROR(expression) \
  TG_RETURN_IF_ERROR_NAMED_(TG_STATUS_CONCAT_(tg_status_, __COUNTER__), expression)
#define TG_RETURN_IF_ERROR_NAMED_(name, expression)  \
  do {                                               \
    ::absl::Status name = (expression);              \
    if (ABSL_PREDICT_FALSE(!name.ok())) return name; \
  } while (false)

#define TG_ASSIGN_OR_RETURN(target, expression) \
  TG_ASSIGN_OR_RETURN_NAMED_(TG_STATUS_CONCAT_(tg_status_or_, __COUNTER__), target, expression)
#define TG_ASSIGN_OR_RETURN_NAMED_(name, target, expression)           \
  auto name = (expression);                                            \
  if (ABSL_PREDICT_FALSE(!name.ok())) return std::move(name).status(); \
  target = *std::move(name)

#endif  // TOLLGATE_BASE_STATUS_MACROS_H_
