// The difference of two texts as people read it: hunks of lines in the unified form of diff(1).
// Greedy shortest edit script (E. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986),
// given up past kDiffEditsMax edits: then everything old is shown as removed and everything new as
// added. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>

namespace countersign::jail {

/// Edits that are searched for; memory and time grow with their square.
inline constexpr int kDiffEditsMax = 2000;

/// Hunks with three lines of context, without the "---" and "+++" lines; empty when the texts are
/// the same. A last line without newline is followed by the note that diff(1) gives.
std::string unified_diff(std::string_view before, std::string_view after);

/// Whether diff(1) would call it binary: a NUL in the first 8000 bytes.
bool looks_binary(std::string_view content);

}  // namespace countersign::jail
