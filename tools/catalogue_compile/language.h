// The small languages inside the strings of catalogue/*.toml: option specifications, operand
// specifications and acts. docs/formats/catalogue.md has the grammar. Build-time only.
//
// Failures are values of type Problem, which the caller places at file:line. Not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalogue/table.h"

namespace countersign::tools {

/// What is wrong with a string, one clause.
struct Problem {
    std::string what;
};

template <class T>
using Parsed = std::variant<T, Problem>;

/// An act with its texts still as strings and its flags still as names.
struct ActSpec {
    catalogue::table::What what = catalogue::table::What::Effect;
    model::EffectKind kind = model::EffectKind::Unknown;
    catalogue::table::Aim aim = catalogue::table::Aim::None;
    std::uint16_t marks = 0;
    std::vector<std::string> need, refuse, recursive_if, reversible_if;
    std::string fixed, after, before, match, unmatch, language, say;
};

struct OptionSpec {
    std::vector<std::string> spellings;
    catalogue::table::Value value = catalogue::table::Value::None;
    std::uint8_t words = 1;
    bool ends = false;
    std::vector<std::string> sets;
    std::vector<ActSpec> acts;
};

struct OperandSpec {
    std::string name;
    catalogue::table::Many many = catalogue::table::Many::One;
    std::vector<std::string> need, refuse;
    std::vector<ActSpec> acts;
};

Parsed<std::vector<ActSpec>> parse_acts(std::string_view text);
Parsed<OptionSpec> parse_option(std::string_view text);
Parsed<OperandSpec> parse_operand(std::string_view text);

}  // namespace countersign::tools
