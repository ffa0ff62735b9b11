// Glob matching as in fnmatch(3) with FNM_PATHNAME semantics chosen by the caller. Written without
// backtracking over more than one star, so a hostile pattern costs at most O(pattern x text).
// Pure; thread safe.
#pragma once

#include <string_view>

namespace countersign::text {

enum class GlobStars {
    CrossSlash,   ///< "*" and "?" match "/" as well (command texts)
    StopAtSlash,  ///< "*" and "?" stop at "/", "**" crosses it (paths)
};

/// Whether all of `text` matches. Supports * ? [abc] [a-z] [!a] and backslash. A pattern with an
/// unclosed bracket or a trailing backslash matches nothing.
bool glob_match(std::string_view pattern, std::string_view text, GlobStars stars);
/// Whether the pattern is well-formed (see above).
bool glob_valid(std::string_view pattern);
/// Whether `text` holds an unescaped * ? or [.
bool has_glob(std::string_view text);

}  // namespace countersign::text
