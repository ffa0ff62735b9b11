// Text for people: foreign text made visible, columns counted, colours only where they are wanted.
// Every string that an agent could have influenced passes shown() before it reaches a terminal
// (bypass 17: hidden characters, terminal control sequences). Pure; thread safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/world.h"

namespace countersign::cli {

enum class Tone { Plain, Dim, Bold, Good, Warn, Bad, Held };

/// `text` between the tone's SGR sequences, or as it is where the look has no colour. `text` must
/// have been made visible already.
std::string paint(const Look& look, Tone tone, std::string_view text);

/// text::visible of foreign text, at most `columns` wide (0: unbounded), cut with an ellipsis.
std::string shown(const Look& look, std::string_view foreign, std::size_t columns = 0);

/// Terminal columns that already visible text takes: East Asian wide characters and emoji count
/// two, combining marks none.
std::size_t columns_of(std::string_view visible_text);
/// The longest prefix of whole characters that takes at most `columns`.
std::string_view fit_columns(std::string_view visible_text, std::size_t columns);
/// `visible_text` and as many spaces as it lacks.
std::string pad(std::string_view visible_text, std::size_t columns);

/// Breaks visible text at spaces so that no line is wider than the look; each line but the first
/// starts with `indent` spaces. Width 0: unbroken.
std::string wrap(const Look& look, std::string_view visible_text, std::size_t indent);

/// The tone of a decision, an action state or a tier by its name; Plain for others.
Tone tone_of(std::string_view name);

}  // namespace countersign::cli
