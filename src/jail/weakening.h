// Tokens of what a jail gives beyond the strictest. Nothing is weakened but by one of them: a path
// outside of the workspace becomes writable, a secret visible, a socket reachable, the machine's
// network open only where RunOptions carries the token that says so, and run() holds the list
// against what the gateway has recorded as the session's start. tools/tidy lists every file that
// may make one.
//
// Values; thread safe.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace countersign::jail {

class Weakening {
public:
    enum class Kind {
        MachineNetwork,  ///< the machine's own network, undecided
        Writable,        ///< a place outside of the workspace may be written
        Shown,           ///< a secret that is hidden by default can be read
        Socket           ///< a Unix socket of the machine can be connected to
    };

    static Weakening machine_network() { return {Kind::MachineNetwork, ""}; }
    /// `path` of these is absolute; what is not there when the jail is made gives nothing.
    static Weakening writable(std::string path) { return {Kind::Writable, std::move(path)}; }
    static Weakening shown(std::string path) { return {Kind::Shown, std::move(path)}; }
    static Weakening socket(std::string path) { return {Kind::Socket, std::move(path)}; }

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// As it stands in the record: "socket /run/docker.sock". Nothing in it hides.
    [[nodiscard]] std::string text() const;

    bool operator==(const Weakening&) const = default;

private:
    Weakening(Kind kind, std::string path) : kind_(kind), path_(std::move(path)) {}

    Kind kind_;
    std::string path_;
};

/// First words of text(), which are the keywords of profiles (profile.h).
inline constexpr std::array<std::string_view, 4> kWeakeningNames = {"network host", "writable",
                                                                    "show", "socket"};

}  // namespace countersign::jail
