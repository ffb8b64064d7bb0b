#include "proto/validate/digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/digest.h"

namespace tollgate {
namespace {

using config::v1::Resource;

// The message of the body that is set; nullptr for none.
const google::protobuf::Message* Body(const Resource& resource) {
  switch (resource.body_case()) {
    case Resource::kWorkspace:
      return &resource.workspace();
    case Resource::kApiKey:
      return &resource.api_key();
    case Resource::kBudget:
      return &resource.budget();
    case Resource::kProvider:
      return &resource.provider();
    case Resource::kCredential:
      return &resource.credential();
    case Resource::kModel:
      return &resource.model();
    case Resource::kOffering:
      return &resource.offering();
    case Resource::kAlias:
      return &resource.alias();
    case Resource::kRoute:
      return &resource.route();
    case Resource::kMember:
      return &resource.member();
    case Resource::kPriceRule:
      return &resource.price_rule();
    case Resource::kWebhook:
      return &resource.webhook();
    case Resource::BODY_NOT_SET:
      return nullptr;
  }
  return nullptr;
}

void AppendDeterministic(const google::protobuf::Message& message, std::string& out) {
  // Both write what they hold back when they are destroyed, at the end of this function.
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
}

}  // namespace

std::string ResourceKey(const Resource& resource) {
  switch (resource.body_case()) {
    case Resource::kWorkspace:
      return "workspace/" + resource.workspace().id();
    case Resource::kApiKey:
      return "key/" + resource.api_key().id();
    case Resource::kBudget:
      return "budget/" + resource.budget().id();
    case Resource::kProvider:
      return "provider/" + resource.provider().id();
    case Resource::kCredential:
      return "credential/" + resource.credential().id();
    case Resource::kModel:
      return "model/" + resource.model().id();
    case Resource::kOffering:
      return "offering/" + resource.offering().id();
    case Resource::kAlias:
      return "alias/" + resource.alias().name();
    case Resource::kRoute:
      return "route/" + resource.route().id();
    case Resource::kMember:
      return "member/" + resource.member().id();
    case Resource::kPriceRule:
      return "price_rule/" + resource.price_rule().id();
    case Resource::kWebhook:
      return "webhook/" + resource.webhook().id();
    case Resource::BODY_NOT_SET:
      return "";
  }
  return "";
}

std::uint64_t ResourceHash(const Resource& resource) {
  std::string text = resource.key();
  text.push_back('\0');
  if (const google::protobuf::Message* body = Body(resource)) AppendDeterministic(*body, text);
  const Sha256Digest digest = Sha256(text);
  std::uint64_t hash = 0;
  for (int i = 7; i >= 0; --i) hash = hash << 8 | digest[static_cast<std::size_t>(i)];
  return hash;
}

void SetIdentity(Resource& resource) {
  resource.set_key(ResourceKey(resource));
  resource.set_hash(ResourceHash(resource));
}

}  // namespace tollgate
