// Collects the programs of all catalogue files into the flat tables of catalogue/table.h and prints
// them as C++. Build-time only; not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "catalogue/table.h"
#include "language.h"

namespace countersign::tools {

/// A form as written, before its strings and flags are numbered.
struct FormSpec {
    std::vector<std::string> names;
    catalogue::table::Style style = catalogue::table::Style::Gnu;
    std::uint8_t marks = 0;
    std::string program_class;
    std::vector<OptionSpec> options;
    std::vector<OperandSpec> operands;
    std::vector<ActSpec> acts;
    std::vector<FormSpec> subs;
};

struct ExampleSpec {
    std::string program;
    std::string file;
    int line = 0;
    std::string text;
};

class Builder {
public:
    /// Adds one program under all its names. A Problem leaves the builder unusable.
    std::optional<Problem> add(const FormSpec& program);
    void add_example(ExampleSpec example) { examples_.push_back(std::move(example)); }
    /// The generated source files.
    void print_tables(std::ostream& out);
    void print_examples(std::ostream& out) const;

private:
    using Flags = std::map<std::string, std::uint64_t>;

    catalogue::table::Text intern(const std::string& text);
    catalogue::table::Range add_acts(const std::vector<ActSpec>& acts, const Flags& flags);
    void fill_form(std::uint32_t index, const FormSpec& spec, const std::string& name,
                   std::uint32_t parent, const Flags& flags);
    void add_options(catalogue::table::Form& form, const FormSpec& spec, const Flags& flags);
    void add_operands(catalogue::table::Form& form, const FormSpec& spec, const Flags& flags);
    void add_subs(std::uint32_t index, const FormSpec& spec, const Flags& flags);
    void place_programs();
    void print_text(std::ostream& out) const;
    void print_acts(std::ostream& out) const;
    void print_forms(std::ostream& out) const;

    std::string text_;
    std::map<std::string, catalogue::table::Text> interned_;
    std::map<std::string, catalogue::table::Range> act_lists_;
    std::vector<catalogue::table::Act> acts_;
    std::vector<catalogue::table::Option> options_;
    std::vector<catalogue::table::Spelling> spellings_;
    std::vector<catalogue::table::Operand> operands_;
    std::vector<catalogue::table::Form> forms_;
    std::map<std::string, std::uint32_t> programs_;
    std::vector<catalogue::table::Program> slots_;
    std::vector<std::uint32_t> displacements_;
    std::vector<ExampleSpec> examples_;
};

}  // namespace countersign::tools
