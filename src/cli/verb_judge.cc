// check, parse, explain, policy: the words go on to the sibling `countersignd judge`, since judging
// needs rooms that the client must not hold (policy, shell, risk).
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/verbs.h"

namespace countersign::cli {
namespace {

Result<int> judge(World& world, std::string_view verb, const Arguments& arguments) {
    std::vector<std::string> words = {std::string(verb)};
    words.insert(words.end(), arguments.operands().begin(), arguments.operands().end());
    return world.become_judge(words);
}

}  // namespace

Result<int> verb_check(World& world, const Arguments& arguments) {
    return judge(world, "check", arguments);
}

Result<int> verb_parse(World& world, const Arguments& arguments) {
    return judge(world, "parse", arguments);
}

Result<int> verb_explain(World& world, const Arguments& arguments) {
    return judge(world, "explain", arguments);
}

Result<int> verb_policy(World& world, const Arguments& arguments) {
    return judge(world, "policy", arguments);
}

Result<int> verb_policy_reload(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    boost::json::object body;
    body["by"] = world.person().name;
    const boost::json::value change = TRY(gateway->post("/v1/policy/reload", body));
    if (arguments.json()) {
        return print_json(world, change);
    }
    const std::string digest = text_at(change, "digest");
    world.console().out(flag_at(change, "changed")
                            ? "in force: " + digest + "\nbefore:   " + text_at(change, "previous") +
                                  "\n"
                            : "nothing changed: " + digest + " stays in force\n");
    return 0;
}

}  // namespace countersign::cli
