#include "cli/cli.h"

#include "cli/command.h"
#include "cli/help.h"
#include "cli/paint.h"
#include "cli/parse.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

int report(World& world, std::string_view what, const Error& error) {
    Console& console = world.console();
    std::string line = paint(console.err_look(), Tone::Bad, "countersign:") + " ";
    line += what.empty() ? "" : std::string(what) + ": ";
    line += text::visible(error.message);
    line += error.hint.empty() ? "" : " (hint: " + text::visible(error.hint) + ")";
    console.err(line + "\n");
    return error.code == ErrorCode::InvalidArgument ? kUsage : kFailure;
}

int unknown_verb(World& world, std::span<const std::string> words) {
    // "rules" alone names a family of verbs; help lists it.
    for (const Command& command : commands()) {
        if (command.name.starts_with(words[0] + " ")) {
            const std::string hint = "countersign help " + words[0];
            return report(
                world, words[0],
                Error(ErrorCode::InvalidArgument,
                      words.size() < 2 ? "which of its verbs?" : "no verb \"" + words[1] + "\"",
                      hint));
        }
    }
    const std::string_view close = closest_command(words[0]);
    return report(world, "",
                  Error(ErrorCode::InvalidArgument, "there is no verb \"" + words[0] + "\"",
                        close.empty() ? "countersign help lists them"
                                      : "did you mean " + std::string(close) + "?"));
}

Result<int> execute(World& world, const Command& command, std::span<const std::string> words) {
    if (command.words == Command::Words::Raw) {
        Arguments raw;
        for (const std::string& word : words) {
            raw.add_operand(word);
        }
        return command.handler(world, raw);
    }
    const Arguments arguments = TRY(parse_arguments(command, words));
    if (arguments.has("help")) {
        world.console().out(command_help(world.console().out_look(), command));
        return 0;
    }
    return command.handler(world, arguments);
}

/// `VERB --help` for verbs whose words we do not parse; anything else belongs to them.
bool asks_for_help(const Command& command, std::span<const std::string> words) {
    return command.words == Command::Words::Raw && words.size() == 1 && words[0] == "--help";
}

}  // namespace

int run_command(World& world, std::span<const std::string> words) {
    if (words.empty()) {
        world.console().err(overview(world.console().err_look()));
        return kUsage;
    }
    std::vector<std::string> own(words.begin(), words.end());
    if (own[0] == "--help" || own[0] == "-h") {
        own[0] = "help";
    } else if (own[0] == "--version") {
        own[0] = "version";
    }
    const auto found = find_command(own);
    if (!found) {
        return unknown_verb(world, own);
    }
    const std::span<const std::string> rest = std::span(own).subspan(found->words);
    if (asks_for_help(*found->command, rest)) {
        world.console().out(command_help(world.console().out_look(), *found->command));
        return world.console().finish().ok() ? 0 : kFailure;
    }
    const auto status = execute(world, *found->command, rest);
    if (!status.ok()) {
        return report(world, found->command->name, status.error());
    }
    if (found->command->words == Command::Words::Raw) {
        return *status;  // doors write their own streams; no console was made
    }
    const auto finished = world.console().finish();
    return finished.ok() ? *status : report(world, found->command->name, finished.error());
}

}  // namespace countersign::cli
