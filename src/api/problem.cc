#include "api/problem.h"

#include <array>
#include <boost/json.hpp>

#include "text/utf8.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

struct Mapping {
    ErrorCode code;
    int status;
};

constexpr std::array kStatuses = {Mapping{ErrorCode::InvalidArgument, 400},
                                  Mapping{ErrorCode::Malformed, 400},
                                  Mapping{ErrorCode::LimitExceeded, 413},
                                  Mapping{ErrorCode::NotFound, 404},
                                  Mapping{ErrorCode::AlreadyExists, 409},
                                  Mapping{ErrorCode::PermissionDenied, 403},
                                  Mapping{ErrorCode::Unauthenticated, 401},
                                  Mapping{ErrorCode::Conflict, 409},
                                  Mapping{ErrorCode::Unavailable, 503},
                                  Mapping{ErrorCode::TimedOut, 408},
                                  Mapping{ErrorCode::Io, 503},
                                  Mapping{ErrorCode::Corrupt, 500},
                                  Mapping{ErrorCode::Unsupported, 501},
                                  Mapping{ErrorCode::Internal, 500}};

struct Title {
    int status;
    std::string_view text;
};

constexpr std::array kTitles = {Title{400, "Bad Request"},
                                Title{401, "Unauthorized"},
                                Title{403, "Forbidden"},
                                Title{404, "Not Found"},
                                Title{405, "Method Not Allowed"},
                                Title{408, "Request Timeout"},
                                Title{409, "Conflict"},
                                Title{413, "Content Too Large"},
                                Title{415, "Unsupported Media Type"},
                                Title{421, "Misdirected Request"},
                                Title{429, "Too Many Requests"},
                                Title{431, "Request Header Fields Too Large"},
                                Title{500, "Internal Server Error"},
                                Title{501, "Not Implemented"},
                                Title{503, "Service Unavailable"}};

std::string_view title_of(int status) {
    for (const Title& title : kTitles) {
        if (title.status == status) {
            return title.text;
        }
    }
    return "Error";
}

json::string text_json(std::string_view text) {
    const std::string valid = text::to_valid_utf8(text);
    return json::string(valid.data(), valid.size());
}

}  // namespace

int status_of(ErrorCode code) {
    for (const Mapping& mapping : kStatuses) {
        if (mapping.code == code) {
            return mapping.status;
        }
    }
    return 500;
}

Response problem(const Error& error) {
    return problem(error, status_of(error.code));
}

Response problem(const Error& error, int status) {
    Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = json::serialize(json::object{{"type", "about:blank"},
                                                 {"title", text_json(title_of(status))},
                                                 {"status", status},
                                                 {"code", error_code_name(error.code)},
                                                 {"detail", text_json(error.message)},
                                                 {"hint", text_json(error.hint)}});
    return response;
}

}  // namespace countersign::api
