// Safer forms inside a longer text: "cd web && npm ci && npm test". The commands that have one are
// written anew where they stand; every other byte stays. Private to policy/. Pure; thread safe.
//
// Two kinds of forms: the policy's [[modify]] entries, and names that go through a pipe. The latter
// need no entry, since nothing but the separator between names changes: xargs without -0 takes a
// blank or a line end in a file's name for the end of it, so that a directory "x " which holds
// etc/passwd hands it /etc/passwd. `find ... | xargs` becomes `find ... -print0 | xargs -0`, `grep
// -l ... | xargs` becomes `grep -Z -l ... | xargs -0`.
//
// Only what stands in the text as plain words (plain_words() in modify.h) and was judged with
// exactly these words is written anew. The caller judges the whole again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/document.h"
#include "policy/subject.h"

namespace countersign::policy {

struct SaferText {
    model::Action action;
    std::string by;  ///< the entry that changed the first command, or kWholeNames
};

/// The "rule" of a change that no entry asks for.
inline constexpr std::string_view kWholeNames = "builtin/whole-names";
/// A text with more commands than this is not looked through.
inline constexpr std::size_t kSaferTextCommandsMax = 64;

/// nullopt: no command has a safer form.
std::optional<SaferText> safer_text(const std::vector<Modification>& changes,
                                    const Subject& subject);

}  // namespace countersign::policy
