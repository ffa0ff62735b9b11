// Examples of the catalogue as text: how a test reads "COMMAND" and how it prints what understand()
// says. Only for tests and for the page that documents the catalogue. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>

#include "catalogue/catalogue.h"

namespace countersign::catalogue {

/// The surroundings in which every example stands: directory and workspace /w, home /home/u.
Place example_place();
/// Splits at blanks with '...' and "..." quotes; NAME=value words in front are assignments, a first
/// word "|" makes standard input a pipe, "$X" is an unknown word.
model::ResolvedCommand example_command(std::string_view text);
/// "delete workspace /w/build recursive; ..." in the order found; "nothing" for no effect.
std::string example_effects(const Understanding& understanding);

}  // namespace countersign::catalogue
