#include "controlplane/service/admin_api.h"

#include <google/protobuf/field_mask.pb.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "controlplane/resource/reflect.h"
#include "controlplane/service/page.h"
#include "controlplane/store/schema.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

using admin::v1::AuditEntry;
using google::protobuf::FieldDescriptor;

// The only repeated message field of a list's response.
const FieldDescriptor* ItemsField(const Message& response) {
  const auto* descriptor = response.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    if (descriptor->field(i)->is_repeated()) return descriptor->field(i);
  }
  CHECK(false) << response.GetTypeName() << " has no items";
  return nullptr;
}

int PageSizeField(const Message& request) {
  return request.GetReflection()->GetInt32(request, FindField(request, "page_size"));
}

Caller MakeCaller(const Principal& principal, std::string_view method, const Message& request) {
  return {.actor = principal.name,
          .method = std::string(method),
          .request_id = StringField(request, "request_id"),
          .contents = std::string(method) + '\0' + SerializeDeterministic(request)};
}

// Writes the resource, or around it the resource and the secret that is shown once.
void FillAnswer(const Kind& kind, const Answer& answer, Message& response) {
  const Message& resource = ResourceOf(kind, *answer.record);
  if (response.GetDescriptor() == resource.GetDescriptor()) {
    response.CopyFrom(resource);
    return;
  }
  MutableFirstMessage(response).CopyFrom(resource);
  SetStringField(response, "secret", std::string(answer.key_secret.Reveal()));
}

}  // namespace

absl::Status CheckRequest(const Message& request) {
  if (request.ByteSizeLong() > kRequestBytesMax) {
    return ErrorWithReason(absl::StatusCode::kInvalidArgument, "REQUEST_TOO_LARGE",
                           "a request is at most 256 KiB");
  }
  if (!HasUnknownFields(request)) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, "UNKNOWN_FIELD",
                         "the request has a field that this version does not know");
}

absl::Status AdminApi::Get(const Kind& kind, const Message& request, Message& response) const {
  TG_ASSIGN_OR_RETURN(RecordPtr record, writer_.Get(kind, StringField(request, "id")));
  response.CopyFrom(ResourceOf(kind, *record));
  return absl::OkStatus();
}

absl::Status AdminApi::List(const Kind& kind, const Message& request, Message& response) const {
  TG_ASSIGN_OR_RETURN(const std::size_t size, ReadPageSize(PageSizeField(request)));
  TG_ASSIGN_OR_RETURN(const std::string after, ReadPageToken(request));
  std::vector<RecordPtr> records = writer_.List(kind, after, size + 1, FilterOf(request));
  const bool more = records.size() > size;
  if (more) records.pop_back();
  const FieldDescriptor* items = ItemsField(response);
  for (const RecordPtr& record : records) {
    response.GetReflection()->AddMessage(&response, items)->CopyFrom(ResourceOf(kind, *record));
  }
  if (more) {
    SetStringField(response, "next_page_token",
                   MakePageToken(request, IdOf(ResourceOf(kind, *records.back()))));
  }
  return absl::OkStatus();
}

absl::Status AdminApi::Create(const Kind& kind, const Principal& principal, std::string_view method,
                              const Message& request, Message& response) {
  TG_ASSIGN_OR_RETURN(const Answer answer, writer_.Create(MakeCaller(principal, method, request),
                                                          kind, FirstMessage(request)));
  FillAnswer(kind, answer, response);
  return absl::OkStatus();
}

absl::Status AdminApi::Update(const Kind& kind, const Principal& principal, std::string_view method,
                              const Message& request, Message& response) {
  const auto& mask = static_cast<const google::protobuf::FieldMask&>(
      request.GetReflection()->GetMessage(request, FindField(request, "update_mask")));
  TG_ASSIGN_OR_RETURN(const Answer answer, writer_.Update(MakeCaller(principal, method, request),
                                                          kind, FirstMessage(request), mask));
  FillAnswer(kind, answer, response);
  return absl::OkStatus();
}

absl::Status AdminApi::Delete(const Kind& kind, const Principal& principal, std::string_view method,
                              const Message& request, Message&) {
  return writer_
      .Delete(MakeCaller(principal, method, request), kind, StringField(request, "id"),
              StringField(request, "etag"))
      .status();
}

absl::Status AdminApi::RevokeKey(const Principal& principal, std::string_view method,
                                 const admin::v1::RevokeKeyRequest& request,
                                 admin::v1::Key& response) {
  admin::v1::Key patch;
  patch.set_id(request.id());
  patch.set_revoked(true);
  google::protobuf::FieldMask mask;
  mask.add_paths("revoked");
  const Kind& kind = KindOf(KindId::kKey);
  TG_ASSIGN_OR_RETURN(const Answer answer,
                      writer_.Update(MakeCaller(principal, method, request), kind, patch, mask));
  FillAnswer(kind, answer, response);
  return absl::OkStatus();
}

absl::Status AdminApi::ListAuditEntries(const admin::v1::ListAuditEntriesRequest& request,
                                        admin::v1::ListAuditEntriesResponse& response) const {
  TG_ASSIGN_OR_RETURN(const std::size_t size, ReadPageSize(request.page_size()));
  TG_ASSIGN_OR_RETURN(std::string after, ReadPageToken(request));
  const auto matches = FilterOf(request);
  std::size_t looked_at = 0;
  while (looked_at < kAuditScanMax) {
    TG_ASSIGN_OR_RETURN(
        const std::vector<StoreEntry> rows,
        store_.Scan(Table::kAudit, {.after = after, .reverse = true, .limit = kPageSizeMax}));
    for (const StoreEntry& row : rows) {
      if (static_cast<std::size_t>(response.entries_size()) == size) {
        response.set_next_page_token(MakePageToken(request, after));
        return absl::OkStatus();
      }
      AuditEntry entry;
      if (!entry.ParseFromString(row.value))
        return absl::DataLossError("an audit entry is damaged");
      if (matches(entry)) *response.add_entries() = std::move(entry);
      after = row.key;
    }
    if (rows.size() < kPageSizeMax) return absl::OkStatus();
    looked_at += rows.size();
  }
  response.set_next_page_token(MakePageToken(request, after));
  return absl::OkStatus();
}

}  // namespace tollgate::controlplane
