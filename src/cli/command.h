// The command table: one constexpr row per verb. Parsing (parse.h), help, the manual page, shell
// completion (help.h) and the tests derive from it; nothing else lists verbs or flags.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "cli/arguments.h"
#include "cli/world.h"

namespace countersign::cli {

struct Flag {
    enum class Kind {
        Switch,  ///< --json
        Value,   ///< --agent TYPE; given twice, the last counts
        Many     ///< --agent-type TYPE, repeated
    };
    std::string_view name;  ///< without the dashes
    Kind kind = Kind::Switch;
    std::string_view value{};  ///< placeholder in help
    std::string_view help{};
    /// Words a Value flag takes, separated by spaces; empty: anything. Completion offers them.
    std::string_view choices{};
};

struct Operand {
    enum class Count {
        One,
        Optional,
        OneOrMore,
        Any,  ///< none or more, last
        Rest  ///< one or more; flags after the first belong to it (`run -- make -j2`)
    };
    std::string_view name;
    Count count = Count::One;
    std::string_view help{};
    std::string_view choices{};
};

enum class Group { Running, Judging, Deciding, Governing, Evidence, Machine };

/// Runs one verb: 0 success, 1 failure (after a message on stderr); other codes as `exits` says.
using Handler = Result<int> (*)(World& world, const Arguments& arguments);

struct Command {
    std::string_view name;  ///< "run", "rules add"
    Group group = Group::Running;
    std::string_view summary;  ///< one line, no final period
    std::string_view about{};  ///< paragraphs for --help and the manual, may be empty
    std::span<const Flag> flags{};
    std::span<const Operand> operands{};
    std::string_view example{};
    std::string_view exits{};  ///< exit statuses beyond 0, 1 and 2
    Handler handler = nullptr;
    /// The words go on unread: to the judge, which owns their syntax, or to a door, where parsing
    /// would cost start-up time.
    enum class Words { Parsed, Raw } words = Words::Parsed;
};

/// All rows in the order of the manual.
std::span<const Command> commands();

struct Found {
    const Command* command = nullptr;
    std::size_t words = 0;  ///< how many words name it
};
/// The row that the first words name ("rules add" before "rules"); nullopt: none.
std::optional<Found> find_command(std::span<const std::string> words);
/// The closest spelling in the table for a word that is none; empty when nothing is close.
std::string_view closest_command(std::string_view word);

}  // namespace countersign::cli
