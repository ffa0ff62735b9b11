// Host names out of what programs take as a destination: URLs, user@host:path, host:port. Pure;
// thread safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace countersign::catalogue {

/// A destination's host and port.
struct Destination {
    std::string host;  ///< lower case, without brackets and user
    std::string port;  ///< empty: not written
    [[nodiscard]] std::string text() const { return port.empty() ? host : host + ":" + port; }
};

/// The host of `text`; nullopt when there is none. With `partial`, `text` is only the beginning of
/// a word, and the host counts only when a "/" or a port shows that it ends there.
enum class Extent { Whole, Beginning };
std::optional<Destination> destination_of(std::string_view text, Extent extent);

/// Whether the word names a place on another machine: scheme://..., HOST:PATH or HOST::MODULE, by
/// the rule of scp(1) and rsync(1) that a ":" stands before any "/".
bool is_remote(std::string_view text);

}  // namespace countersign::catalogue
