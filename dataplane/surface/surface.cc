#include "dataplane/surface/surface.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace tollgate::dataplane {

std::string_view Surface::ReadKey(const RequestHead& head, std::string&) const {
  return BearerToken(head.authorization);
}

bool Surface::Claims(const RequestHead&) const { return false; }

std::optional<GatewayError> Surface::ReadHead(const RequestHead&, std::string_view,
                                              std::string_view, CallHead&) const {
  return std::nullopt;
}

std::string_view Surface::stream_content_type(const CallHead&) const {
  return "text/event-stream; charset=utf-8";
}

std::string_view Surface::keep_alive(const CallHead&) const { return ": ping\n\n"; }

void Surface::AppendRates(const ProviderRates& rates, absl::Time, std::string& lines) const {
  AppendOpenAiRates(rates, lines);
}

std::optional<GatewayError> Surface::AppendModelList(std::span<const ListedModel>,
                                                     const ModelListQuery&, std::string&) const {
  CHECK(false) << name() << " has no list of models";
  return std::nullopt;
}

void Surface::AppendModel(const ListedModel&, const ModelListQuery&, std::string&) const {
  CHECK(false) << name() << " has no list of models";
}

void Surface::AppendEndpoints(std::span<const ListedModel>, const ModelListQuery&,
                              std::string&) const {
  CHECK(false) << name() << " has no list of endpoints";
}

void Surface::AppendTokenCount(std::int64_t, std::string&) const {
  CHECK(false) << name() << " counts no tokens";
}

void Surface::AppendCredits(Money balance, Money total_used, std::string& out) const {
  absl::StrAppend(&out, "{\"balance\":\"", balance.ToUsdString(), "\",\"total_used\":\"",
                  total_used.ToUsdString(), "\"}");
}

}  // namespace tollgate::dataplane
