// Reads one argv against its catalogue form as the program itself would: options with attached or
// separate values, combined short options, abbreviated long ones, "--", subcommands, operands by
// position. The result says which word plays which role; effects.h turns that into effects.
//
// A word that the form has no place for makes `known` false and is named in `why`. Views point
// into the argv, which must outlive the reading. Pure; thread safe.
// Source: getopt_long(3), POSIX.1-2017 XBD 12.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/table.h"
#include "model/command.h"

namespace countersign::catalogue {

/// A word in a role, with the acts of that role.
struct Use {
    table::Range acts;
    const model::Word* word = nullptr;  ///< nullptr: a flag without a value
    std::size_t offset = 0;             ///< where the value starts in the word (-oFILE, --o=FILE)
    std::size_t position = 0;           ///< index of `word` in argv
    std::size_t end = 0;                ///< for values that run over many words: one past the last
};

struct Reading {
    const table::Form* form = nullptr;  ///< the deepest subcommand found
    std::uint64_t flags = 0;
    std::vector<Use> uses;                         ///< options in order, then operands
    std::vector<const model::Word*> first_places;  ///< words of the form's first operand
    bool known = true;
    bool asks_help = false;  ///< "--help" is the last word and no operand stands before it
    std::string why;
};

/// `argv[0]` is the program's name and is skipped.
Reading read_words(const table::Form& program, std::span<const model::Word> argv);

}  // namespace countersign::catalogue
