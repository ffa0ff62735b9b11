// Lints the catalogue: every entry parses its own examples, and every example states its effects.
#include <gtest/gtest.h>
#include <iostream>

#include "catalogue/catalogue.h"
#include "catalogue/example.h"
#include "catalogue/table.h"

namespace countersign::catalogue {
namespace {

TEST(Entries, ExamplesHaveTheEffectsTheyState) {
    ASSERT_GT(table::kExampleCount, 0U);
    for (std::size_t i = 0; i < table::kExampleCount; ++i) {
        const table::Example& example = table::kExamples[i];
        const std::string_view text = example.text;
        const std::size_t arrow = text.rfind(" => ");
        const std::string_view command = text.substr(0, arrow);
        const std::string expected(arrow == std::string_view::npos ? "(not stated)"
                                                                   : text.substr(arrow + 4));
        const Understanding found = understand(example_command(command), example_place());
        const std::string actual = example_effects(found);
        EXPECT_EQ(actual, expected) << "EXAMPLE\t" << example.file << "\t" << example.line << "\t"
                                    << command << "\t" << actual;
        EXPECT_TRUE(found.known_program) << example.file << ":" << example.line << ": " << command;
    }
}

TEST(Entries, EveryProgramIsFoundByItsHash) {
    std::size_t seen = 0;
    for (std::uint32_t i = 0; i < table::kTables.slot_count; ++i) {
        const table::Program& slot = table::kTables.slots[i];
        if (!slot.name.empty()) {
            ++seen;
            EXPECT_EQ(table::find_program(table::text_of(slot.name)),
                      table::kTables.forms + slot.form);
        }
    }
    EXPECT_EQ(seen, program_count());
    EXPECT_EQ(table::find_program("no-such-program"), nullptr);
    EXPECT_EQ(table::find_program(""), nullptr);
}

}  // namespace
}  // namespace countersign::catalogue
