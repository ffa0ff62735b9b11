// Named profiles: which jail a kind of work gets, as a text that people review. What each line
// means stands in docs/formats/profile.md. Pure; thread safe.
//
//     profile = *( comment / blank / line )           lines end with "\n"
//     line    = keyword SP value
//     value   = the rest of the line, one spelling for each meaning
//
// Strict: an unknown keyword, a keyword that is there once too often, a second spelling (`1024MiB`
// for `1GiB`, a trailing slash, a space too many) are errors with their line; parse(print(x)) == x.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jail/jail.h"

namespace countersign::jail {

/// Paths are absolute, or "~" and "~/..." for the person's home.
struct Profile {
    enum class Network { Gated, None, Machine };
    std::string about;  ///< one line for people
    Network network = Network::Gated;
    /// What can be read outside of the places that every tree has (workspace, private places,
    /// /proc, /dev); empty: everything that is not hidden.
    std::vector<std::string> readable;
    std::vector<std::string> hidden;    ///< beyond what is hidden from every tree
    std::vector<std::string> writable;  ///< a weakening each, as the next two
    std::vector<std::string> shown;
    std::vector<std::string> sockets;
    Limits limits;

    bool operator==(const Profile&) const = default;
};

inline constexpr std::array<std::string_view, 3> kProfileNetworkNames = {"gated", "none", "host"};

/// InvalidArgument: "line 3: ...". Also for texts that lack `about`, `network` or `read`: reading a
/// profile answers all three questions.
Result<Profile> parse_profile(std::string_view text);
std::string print_profile(const Profile& profile);

/// What the profile gives beyond the strictest, with "~" replaced by `home`, in the order of
/// print_profile. Entries below "~" are left out when there is no home.
std::vector<Weakening> weakenings_of(const Profile& profile, const std::string& home);

/// Puts everything but the weakenings into `options`, whose `home` must be set before.
void apply(const Profile& profile, RunOptions& options);

/// Lower-case letters, digits and "-", a letter first, at most 32.
bool profile_name_ok(std::string_view name);

}  // namespace countersign::jail
