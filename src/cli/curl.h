// Programs that others maintain, for what this one leaves out on purpose: curl, so that the client
// carries no TLS library (a witness is asked once an hour), and git, to publish checkpoints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace countersign::cli {

struct CurlAnswer {
    int status = 0;  ///< HTTP
    std::string body;
};

/// Posts `body` to an http or https address; 30 seconds, no redirects, at most 1 MiB back.
/// InvalidArgument: another kind of address. NotFound: no curl. Unavailable: curl failed.
Result<CurlAnswer> curl_post(const std::string& url, std::string_view body);

/// Commits the file "checkpoint" of the git repository that `directory` lies in, when it changed.
/// Unavailable: git failed; the files are there nevertheless.
Result<void> commit_checkpoint(const std::string& directory, std::uint64_t records);

}  // namespace countersign::cli
