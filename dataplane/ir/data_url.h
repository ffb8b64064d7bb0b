// Data URLs (RFC 2397), by which chat APIs send bytes in place of a link.
#ifndef TOLLGATE_DATAPLANE_IR_DATA_URL_H_
#define TOLLGATE_DATAPLANE_IR_DATA_URL_H_

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/ir/part.h"

namespace tollgate::dataplane::ir {

// Whether `url` is a data URL.
bool IsDataUrl(std::string_view url);

// Takes a URL into `media`: its url, or its media_type and base64.  False for a data URL that is
// not base64, and for a scheme other than http, https and data.
bool TakeUrl(std::string_view url, Media& media);

// The URL of a media that has bytes or a link; empty when it has neither.
std::string UrlOf(const Media& media);

// What kind of media a type is: "image/png" an image; what is not known is a file.
Media::Kind KindOf(std::string_view media_type);

// The media type of the first bytes of `base64`, of the images that providers take, and of PDF;
// empty when it is none of them.  For clients that say "image/*".
std::string_view SniffMediaType(std::string_view base64);

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_DATA_URL_H_
