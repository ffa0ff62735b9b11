#include "jail/profile_shelf.h"

#include <algorithm>
#include <unistd.h>

#include "base/limits.h"
#include "sys/files.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

constexpr std::string_view kEnding = ".profile";
constexpr std::size_t kFilesMax = 4096;

Result<void> check_owner(const std::string& path, const sys::FileStatus& status) {
    if (status.type != sys::FileStatus::Type::Regular) {
        return Error(ErrorCode::PermissionDenied, path + ": is no regular file");
    }
    if ((status.owner != ::geteuid() && status.owner != 0) || (status.mode & 022U) != 0) {
        return Error(ErrorCode::PermissionDenied, path + ": others than its owner may change it",
                     "chmod go-w " + path);
    }
    return {};
}

Result<FoundProfile> parsed(const std::string& name, const std::string& origin,
                            std::string_view text) {
    auto profile = parse_profile(text);
    if (!profile.ok()) {
        return Error(ErrorCode::InvalidArgument, origin + ": " + profile.error().message,
                     "docs/formats/profile.md says what a profile is");
    }
    return FoundProfile{name, origin, profile.take()};
}

/// nullopt: there is no such file.
Result<std::optional<FoundProfile>> in_directory(const std::string& directory,
                                                 const std::string& name) {
    const std::string path = directory + "/" + name + std::string(kEnding);
    const auto status = TRY(sys::file_status(path));
    if (!status) {
        return std::optional<FoundProfile>();
    }
    TRY(check_owner(path, *status));
    const std::string text = TRY(sys::read_file(path, limits::kConfigBytesMax));
    FoundProfile found = TRY(parsed(name, path, text));
    return std::optional(std::move(found));
}

}  // namespace

ProfileShelf::ProfileShelf(std::vector<std::string> directories)
    : directories_(std::move(directories)) {}

ProfileShelf ProfileShelf::usual(const std::string& config_directory) {
    return ProfileShelf({config_directory + "/profiles", "/etc/countersign/profiles"});
}

Result<FoundProfile> ProfileShelf::find(const std::string& name) const {
    if (!profile_name_ok(name)) {
        return Error(ErrorCode::InvalidArgument,
                     "profile \"" + text::visible(name, 64) + "\": no name of a profile",
                     "lower-case letters, digits and -, as in: coding");
    }
    for (const std::string& directory : directories_) {
        auto found = TRY(in_directory(directory, name));
        if (found) {
            return std::move(*found);
        }
    }
    for (const BuiltInProfile& known : built_in_profiles()) {
        if (known.name == name) {
            return parsed(name, "built in", known.text);
        }
    }
    std::string hint = "there are";
    for (const std::string& known : TRY(names())) {
        hint += " " + known;
    }
    return Error(ErrorCode::NotFound, "there is no profile " + name, hint);
}

Result<std::vector<std::string>> ProfileShelf::names() const {
    std::vector<std::string> out;
    for (const BuiltInProfile& known : built_in_profiles()) {
        out.emplace_back(known.name);
    }
    for (const std::string& directory : directories_) {
        const auto status = TRY(sys::file_status(directory, sys::Links::Follow));
        if (!status) {
            continue;
        }
        for (const std::string& file : TRY(sys::list_directory(directory, kFilesMax))) {
            const std::string name =
                file.substr(0, file.size() - std::min(kEnding.size(), file.size()));
            if (file.ends_with(kEnding) && profile_name_ok(name)) {
                out.push_back(name);
            }
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace countersign::jail
