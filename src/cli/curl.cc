#include "cli/curl.h"

#include <vector>

#include "sys/files.h"
#include "sys/process.h"
#include "text/number.h"

namespace countersign::cli {
namespace {

constexpr const char* kCurl = "/usr/bin/curl";
constexpr const char* kGit = "/usr/bin/git";
constexpr std::size_t kAnswerBytesMax = 1024 * 1024;
constexpr std::size_t kStatusDigits = 3;

/// Runs it with `input` as standard input; gives what it writes.
Result<std::string> run(std::vector<std::string> argv, std::string_view input, const char* what) {
    const std::string directory = TRY(sys::make_temporary_directory("/tmp", "countersign-"));
    const std::string in_path = directory + "/in";
    const std::string out_path = directory + "/out";
    const auto run_there = [&]() -> Result<std::string> {
        TRY(sys::write_new_file(in_path, input, 0600));
        TRY(sys::write_new_file(out_path, "", 0600));
        const sys::Fd in = TRY(sys::open_read(in_path));
        const sys::Fd out = TRY(sys::open_append(out_path, 0600));
        sys::SpawnOptions options;
        options.argv = std::move(argv);
        options.input = in.get();
        options.output = out.get();
        sys::Process process = TRY(sys::spawn(options));
        const sys::ExitStatus status = TRY(process.wait());
        if (status.shell_code() != 0) {
            return Error(ErrorCode::Unavailable, std::string(what) + " ended with status " +
                                                     std::to_string(status.shell_code()));
        }
        return sys::read_file(out_path, kAnswerBytesMax);
    };
    Result<std::string> output = run_there();
    TRY(sys::remove_tree(directory));
    return output;
}

}  // namespace

Result<CurlAnswer> curl_post(const std::string& url, std::string_view body) {
    if (!url.starts_with("https://") && !url.starts_with("http://")) {
        return Error(ErrorCode::InvalidArgument, "an address begins with https:// or http://");
    }
    std::string output = TRY(run({kCurl, "--silent", "--show-error", "--disable", "--max-time",
                                  "30", "--proto", "=http,https", "--max-filesize", "1048576",
                                  "--header", "Content-Type: application/octet-stream",
                                  "--data-binary", "@-", "--write-out", "%{http_code}", "--", url},
                                 body, "curl"));
    if (output.size() < kStatusDigits) {
        return Error(ErrorCode::Unavailable, "curl told no status");
    }
    const std::size_t end = output.size() - kStatusDigits;
    CurlAnswer answer;
    answer.status = static_cast<int>(text::parse_integer(output.substr(end), 0, 999).value_or(0));
    output.resize(end);
    answer.body = std::move(output);
    return answer;
}

Result<void> commit_checkpoint(const std::string& directory, std::uint64_t records) {
    TRY(run({kGit, "-C", directory, "add", "--", "checkpoint"}, "", "git add"));
    // Nothing changed since the last time: git diff says so by its status.
    const auto changed =
        run({kGit, "-C", directory, "diff", "--cached", "--quiet", "--", "checkpoint"}, "", "git");
    if (changed.ok()) {
        return {};
    }
    TRY(run({kGit, "-C", directory, "commit", "--quiet", "-m",
             "Checkpoint of " + std::to_string(records) + " records", "--", "checkpoint"},
            "", "git commit"));
    return {};
}

}  // namespace countersign::cli
