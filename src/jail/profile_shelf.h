// Where profiles are found by name: files of the person's, then of the machine, then those that are
// built in (profiles/ of the source). Reads files; thread safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jail/profile.h"

namespace countersign::jail {

/// A profile and where it came from: a path, or "built in".
struct FoundProfile {
    std::string name;
    std::string origin;
    Profile profile;
};

class ProfileShelf {
public:
    /// `directories` are absolute and looked into in this order for NAME.profile.
    explicit ProfileShelf(std::vector<std::string> directories);
    /// The usual ones: CONFIG/profiles and /etc/countersign/profiles.
    static ProfileShelf usual(const std::string& config_directory);

    /// NotFound with the names that exist as hint; InvalidArgument with file and line for a text
    /// that is none; PermissionDenied for a file that others than its owner could change, or whose
    /// owner is neither this user nor root: an agent of another session could have written it.
    [[nodiscard]] Result<FoundProfile> find(const std::string& name) const;
    /// Every name once, sorted.
    [[nodiscard]] Result<std::vector<std::string>> names() const;

private:
    std::vector<std::string> directories_;
};

/// Built in: name and text (profiles/*.profile).
struct BuiltInProfile {
    std::string_view name;
    std::string_view text;
};
std::vector<BuiltInProfile> built_in_profiles();

inline constexpr std::string_view kUsualProfile = "coding";

}  // namespace countersign::jail
