// version, help.
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/help.h"
#include "cli/verbs.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

/// Rows that a first word alone names: "rules" shows what stands under it.
std::string second_words(std::string_view first) {
    std::string out;
    for (const Command& command : commands()) {
        if (command.name.starts_with(std::string(first) + " ")) {
            out += "  countersign " + std::string(command.name) + "\n      " +
                   std::string(command.summary) + "\n";
        }
    }
    return out;
}

}  // namespace

Result<int> verb_version(World& world, const Arguments& arguments) {
    if (arguments.json()) {
        return print_json(world, boost::json::object{{"version", kVersion}});
    }
    world.console().out("countersign " + std::string(kVersion) + "\n");
    return 0;
}

Result<int> verb_help(World& world, const Arguments& arguments) {
    Console& console = world.console();
    if (arguments.has("man")) {
        console.out(manual_page());
        return 0;
    }
    if (arguments.has("completion")) {
        console.out(bash_completion());
        return 0;
    }
    if (arguments.operands().empty()) {
        console.out(overview(console.out_look()));
        return 0;
    }
    if (const auto found = find_command(arguments.operands())) {
        console.out(command_help(console.out_look(), *found->command));
        return 0;
    }
    const std::string under = second_words(arguments.operand(0));
    if (under.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "there is no verb \"" + text::visible(arguments.operand(0), 80) + "\"",
                     "countersign help lists them");
    }
    console.out(under);
    return 0;
}

}  // namespace countersign::cli
