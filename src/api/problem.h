// Errors as RFC 9457 problem documents: {"type", "title", "status", "code", "detail", "hint"}.
// Pure; thread safe.
#pragma once

#include "api/message.h"
#include "base/result.h"

namespace countersign::api {

/// The HTTP status of an error code; one table.
int status_of(ErrorCode code);
Response problem(const Error& error);
/// With another status than the code's own (405, 415 ...).
Response problem(const Error& error, int status);

}  // namespace countersign::api
