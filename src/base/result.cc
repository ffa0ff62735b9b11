#include "base/result.h"

namespace countersign {

const char* error_code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidArgument:
            return "invalid_argument";
        case ErrorCode::Malformed:
            return "malformed";
        case ErrorCode::LimitExceeded:
            return "limit_exceeded";
        case ErrorCode::NotFound:
            return "not_found";
        case ErrorCode::AlreadyExists:
            return "already_exists";
        case ErrorCode::PermissionDenied:
            return "permission_denied";
        case ErrorCode::Unauthenticated:
            return "unauthenticated";
        case ErrorCode::Conflict:
            return "conflict";
        case ErrorCode::Unavailable:
            return "unavailable";
        case ErrorCode::TimedOut:
            return "timed_out";
        case ErrorCode::Io:
            return "io";
        case ErrorCode::Corrupt:
            return "corrupt";
        case ErrorCode::Unsupported:
            return "unsupported";
        case ErrorCode::Internal:
            return "internal";
    }
    return "internal";
}

Error Error::with_context(const std::string& context) && {
    message = context + ": " + message;
    return std::move(*this);
}

}  // namespace countersign
