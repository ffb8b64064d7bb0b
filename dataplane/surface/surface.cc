#include "dataplane/surface/surface.h"

#include "base/check.h"

namespace tollgate::dataplane {

std::string_view Surface::ReadKey(const RequestHead& head, std::string&) const {
  return BearerToken(head.authorization);
}

std::optional<GatewayError> Surface::ReadHead(const RequestHead&, std::string_view,
                                              std::string_view, CallHead&) const {
  return std::nullopt;
}

std::string_view Surface::stream_content_type(const CallHead&) const {
  return "text/event-stream; charset=utf-8";
}

std::string_view Surface::keep_alive(const CallHead&) const { return ": ping\n\n"; }

void Surface::AppendModelList(std::span<const ListedModel>, const ModelListQuery&,
                              std::string&) const {
  CHECK(false) << name() << " has no list of models";
}

void Surface::AppendModel(const ListedModel&, const ModelListQuery&, std::string&) const {
  CHECK(false) << name() << " has no list of models";
}

void Surface::AppendTokenCount(std::int64_t, std::string&) const {
  CHECK(false) << name() << " counts no tokens";
}

}  // namespace tollgate::dataplane
