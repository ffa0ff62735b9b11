#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

namespace countersign::cli {
namespace {

/// Where CLI11 leaves what it read; a deque, since it keeps pointers to the elements.
struct Slot {
    const Flag* flag = nullptr;
    CLI::Option* option = nullptr;
    std::vector<std::string> values;
};

/// Whether operand number 0 takes the rest of the line, flags and all.
bool takes_rest(const Command& command) {
    return !command.operands.empty() && command.operands[0].count == Operand::Count::Rest;
}

/// The flag that a word names, if that word still belongs to our own flags.
const Flag* flag_named(const Command& command, std::string_view word) {
    if (!word.starts_with("--")) {
        return nullptr;
    }
    word.remove_prefix(2);
    const std::string_view name = word.substr(0, word.find('='));
    const auto found = std::find_if(command.flags.begin(), command.flags.end(),
                                    [name](const Flag& flag) { return flag.name == name; });
    return found == command.flags.end() ? nullptr : &*found;
}

/// How many leading words are flags and their values; operands begin after them when they take the
/// rest ("run --agent x make -j2"). "--" counts as a flag word and ends them.
std::size_t leading_flags(const Command& command, std::span<const std::string> words) {
    std::size_t at = 0;
    while (at < words.size() && words[at].starts_with('-') && words[at] != "-") {
        const std::string& word = words[at];
        if (word == "--") {
            return at;
        }
        const Flag* flag = flag_named(command, word);
        const bool apart = flag != nullptr && flag->kind != Flag::Kind::Switch &&
                           word.find('=') == std::string::npos;
        at += apart ? 2 : 1;
    }
    return std::min(at, words.size());
}

Error usage(const Command& command, const std::string& why) {
    return Error(ErrorCode::InvalidArgument, why,
                 "countersign " + std::string(command.name) + " --help");
}

Result<void> check_choice(const Command& command, const Flag& flag, const std::string& value) {
    if (flag.choices.empty()) {
        return {};
    }
    const std::string padded = " " + std::string(flag.choices) + " ";
    if (value.find(' ') != std::string::npos ||
        padded.find(" " + value + " ") == std::string::npos) {
        return usage(command,
                     "--" + std::string(flag.name) + " takes one of: " + std::string(flag.choices));
    }
    return {};
}

Result<void> check_operands(const Command& command, std::size_t given) {
    std::size_t least = 0;
    bool unbounded = false;
    for (const Operand& operand : command.operands) {
        const bool optional =
            operand.count == Operand::Count::Optional || operand.count == Operand::Count::Any;
        least += optional ? 0 : 1;
        unbounded = unbounded || operand.count == Operand::Count::OneOrMore ||
                    operand.count == Operand::Count::Any || operand.count == Operand::Count::Rest;
    }
    if (given < least) {
        return usage(command, "missing " + std::string(command.operands[given].name));
    }
    if (!unbounded && given > command.operands.size()) {
        return usage(command, "too many operands");
    }
    return {};
}

/// CLI11 reports by exception; nothing of it leaves this function.
Result<void> read_flags(CLI::App& app, const Command& command, std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    try {
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        return usage(command, error.what());
    }
    return {};
}

/// Our own words, and after them the operands that "--" or a Rest operand sets apart.
struct Split {
    std::vector<std::string> own;
    std::vector<std::string> apart;
};
Split split(const Command& command, std::span<const std::string> words) {
    auto end = words.begin() + static_cast<std::ptrdiff_t>(words.size());
    if (takes_rest(command)) {
        end = words.begin() + static_cast<std::ptrdiff_t>(leading_flags(command, words));
    } else {
        end = std::find(words.begin(), words.end(), "--");
    }
    Split out{{words.begin(), end}, {end, words.end()}};
    if (!out.apart.empty() && out.apart.front() == "--") {
        out.apart.erase(out.apart.begin());
    }
    return out;
}

}  // namespace

Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words) {
    CLI::App app;
    app.set_help_flag();
    bool help = false;
    app.add_flag("--help,-h", help);
    std::deque<Slot> slots;
    for (const Flag& flag : command.flags) {
        Slot& slot = slots.emplace_back();
        slot.flag = &flag;
        const std::string name = "--" + std::string(flag.name);
        if (flag.kind == Flag::Kind::Switch) {
            slot.option = app.add_flag(name);
        } else {
            // One value each time; the values are collected, so that "last counts" is ours.
            slot.option =
                app.add_option(name, slot.values)->expected(1)->take_all()->allow_extra_args(false);
        }
    }
    std::vector<std::string> operands;
    app.add_option("operands", operands)->expected(0, -1);

    Split parts = split(command, words);
    TRY(read_flags(app, command, std::move(parts.own)));
    Arguments out;
    if (help) {
        out.add("help", {});
        return out;
    }
    for (const Slot& slot : slots) {
        if (slot.option->count() == 0) {
            continue;
        }
        for (const std::string& value : slot.values) {
            TRY(check_choice(command, *slot.flag, value));
        }
        out.add(slot.flag->name, slot.values);
    }
    operands.insert(operands.end(), parts.apart.begin(), parts.apart.end());
    TRY(check_operands(command, operands.size()));
    for (std::string& word : operands) {
        out.add_operand(std::move(word));
    }
    return out;
}

std::string usage_line(const Command& command) {
    std::string line = "countersign " + std::string(command.name);
    for (const Flag& flag : command.flags) {
        line += " [--" + std::string(flag.name) +
                (flag.value.empty() ? "" : " " + std::string(flag.value)) + "]" +
                (flag.kind == Flag::Kind::Many ? "..." : "");
    }
    for (const Operand& operand : command.operands) {
        const std::string name(operand.name);
        switch (operand.count) {
            case Operand::Count::One:
                line += " " + name;
                break;
            case Operand::Count::Optional:
                line += " [" + name + "]";
                break;
            case Operand::Count::OneOrMore:
                line += " " + name + "...";
                break;
            case Operand::Count::Any:
                line += " [" + name + "...]";
                break;
            case Operand::Count::Rest:
                line +=
                    command.words == Command::Words::Raw ? " " + name : " -- " + name + " [ARG...]";
                break;
        }
    }
    return line;
}

}  // namespace countersign::cli
