// Small pure languages inside bash: $'...', the escapes of echo -e and printf, brace expansion,
// pattern matching. Each works on known bytes only. Thread safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::shell {

/// The bytes that $'text' stands for. \u and \U give UTF-8, as bash does in a UTF-8 locale;
/// nullopt where the result depends on the locale or ends early (\0, \cX of a multibyte).
std::optional<std::string> decode_ansi_quotes(std::string_view text);

/// What `echo ARGUMENTS` prints, options -n -e -E included. nullopt: depends on the locale.
std::optional<std::string> echo_output(const std::vector<std::string>& arguments);

/// What `printf FORMAT ARGUMENTS` prints: %s %b %q(simple) %d %i %u %x %X %o %c %%, with widths.
/// nullopt for anything else.
std::optional<std::string> printf_output(const std::vector<std::string>& arguments);

/// Whether all of `text` matches the bash pattern (no extended globs), as case and [[ == ]] do it.
/// nullopt: the answer depends on the locale or on options.
std::optional<bool> pattern_matches(std::string_view pattern, std::string_view text);

/// A pattern that matches exactly `text`.
std::string escape_pattern(std::string_view text);
/// Whether the pattern holds an unescaped ?( *( +( @( or !( of an extended glob.
bool has_extended_pattern(std::string_view pattern);
/// Whether the pattern holds an unescaped * ? or [.
bool has_pattern(std::string_view pattern);

}  // namespace countersign::shell
