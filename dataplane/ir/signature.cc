#include "dataplane/ir/signature.h"

namespace tollgate::dataplane::ir {
namespace {

constexpr std::string_view kPrefix = "tollgate.";

}  // namespace

std::string ShowSignature(const Signature& signature, std::string_view own) {
  std::string shown;
  if (signature.maker != own && !signature.maker.empty()) {
    shown.append(kPrefix).append(signature.maker).append(".");
  }
  return shown.append(signature.value);
}

bool IsForeignSignature(std::string_view shown) {
  return shown.empty() || shown.starts_with(kPrefix);
}

Signature ReadSignature(std::string_view shown, std::string_view own) {
  if (!shown.starts_with(kPrefix)) return {own, shown};
  const std::string_view rest = shown.substr(kPrefix.size());
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return {own, shown};
  return {rest.substr(0, dot), rest.substr(dot + 1)};
}

}  // namespace tollgate::dataplane::ir
