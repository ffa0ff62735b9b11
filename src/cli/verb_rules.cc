// rules list, add, show, test, retire.
#include <boost/json.hpp>

#include "base/limits.h"
#include "cli/field.h"
#include "cli/rules_view.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/vote.h"
#include "model/codec.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kDefaultLife = "30d";

std::string new_rule_id(Random& random) {
    std::array<std::byte, 6> bytes{};
    random.fill(bytes);
    return "r-" + text::to_hex(bytes);
}

template <class E, std::size_t N>
Result<E> choice(const Arguments& arguments, std::string_view flag,
                 const std::array<std::string_view, N>& names, E fallback) {
    const auto word = arguments.value(flag);
    if (!word) {
        return fallback;
    }
    const auto value = model::value_in<E>(names, *word);
    if (!value) {
        return Error(ErrorCode::InvalidArgument, "--" + std::string(flag) + " does not know it");
    }
    return *value;
}

/// The pattern's words, joined by spaces for the kinds that match the whole text.
void set_pattern(model::Rule& rule, const std::vector<std::string>& words) {
    if (rule.pattern_kind == model::PatternKind::Argv) {
        rule.words = words;
        return;
    }
    for (const std::string& word : words) {
        rule.pattern += (rule.pattern.empty() ? "" : " ") + word;
    }
}

Result<model::Rule> rule_of(World& world, const Arguments& arguments) {
    model::Rule rule;
    rule.id = new_rule_id(world.random());
    rule.verb = TRY(choice(arguments, "verb", model::kRuleVerbNames, model::RuleVerb::Allow));
    rule.pattern_kind =
        TRY(choice(arguments, "match", model::kPatternKindNames, model::PatternKind::Argv));
    rule.tier = TRY(choice(arguments, "tier", model::kTierNames, model::Tier::IdempotentWrite));
    set_pattern(rule, arguments.operands());
    rule.scope.agent_types = arguments.values("agent");
    rule.scope.workspace = arguments.value_or("workspace", "");
    rule.owner = arguments.value_or("owner", world.person().name);
    rule.reason = arguments.value_or("reason", "");
    if (rule.reason.empty()) {
        return Error(ErrorCode::InvalidArgument, "a rule needs a reason",
                     "--reason 'why this may pass without a question'");
    }
    const auto life = parse_duration(arguments.value_or("expires", kDefaultLife));
    if (!life) {
        return Error(ErrorCode::InvalidArgument, "--expires is no span", "such as 12h or 30d");
    }
    rule.created = world.clock().now();
    rule.expires = rule.created.plus(*life);
    TRY(model::validate(rule));
    return rule;
}

/// What `rules test` asks about: TEXT as this person's agent would send it.
model::ActionRequest request_of(World& world, const Arguments& arguments) {
    model::ActionRequest request;
    request.action.kind = model::ActionKind::Command;
    request.action.text = arguments.operand(1);
    request.context.agent.type = arguments.value_or("agent", "coding");
    request.context.principal = world.person().name;
    request.context.door = "check";
    request.context.host = world.person().host;
    request.context.directory = arguments.value_or("cwd", world.person().directory);
    request.context.workspace = request.context.directory;
    request.context.home = world.person().home;
    request.context.time = world.clock().now();
    return request;
}

std::string rule_path(const std::string& id) {
    return "/v1/rules/" + encode(id);
}

}  // namespace

Result<int> verb_rules_list(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    std::string path = "/v1/rules";
    if (const auto state = arguments.value("state")) {
        path += "?state=" + encode(*state);
    }
    const json::value list = TRY(all_items(*gateway, path, limits::kRulesMax));
    if (arguments.json()) {
        return print_json(world, list);
    }
    Table table({{"RULE", Column::Side::Left, Column::Width::Yields},
                 {"DOES"},
                 {"UP TO"},
                 {"USES", Column::Side::Right},
                 {"EXPIRES"},
                 {"OWNER"},
                 {"PATTERN", Column::Side::Left, Column::Width::Yields}});
    // What people added stands first: that is what they look for and can change.
    std::vector<const json::value*> of_policy;
    each_at(list, "items", [&](const json::value& rule) {
        if (text_at(rule, "id").starts_with("builtin/")) {
            of_policy.push_back(&rule);
        } else {
            add_rule_row(table, rule, world.clock().now());
        }
    });
    if (arguments.has("all")) {
        for (const json::value* rule : of_policy) {
            add_rule_row(table, *rule, world.clock().now());
        }
    } else {
        add_family_rows(table, of_policy);
    }
    if (table.empty()) {
        world.console().err("no rules\n");
        return 0;
    }
    world.console().out(table.print(world.console().out_look()));
    return 0;
}

Result<int> verb_rules_add(World& world, const Arguments& arguments) {
    const model::Rule rule = TRY(rule_of(world, arguments));
    Gateway* gateway = TRY(world.gateway());
    const json::value added = TRY(gateway->post("/v1/rules", model::to_json(rule)));
    if (arguments.json()) {
        return print_json(world, added);
    }
    const Look& look = world.console().out_look();
    world.console().out("added " + shown(look, text_at(added, "id")) + ": " +
                        shown(look, proposal_text(rule)) + "\n");
    return 0;
}

Result<int> verb_rules_show(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const json::value rule = TRY(gateway->get(rule_path(arguments.operand(0))));
    if (arguments.json()) {
        return print_json(world, rule);
    }
    world.console().out(
        print_pairs(world.console().out_look(), rule_pairs(rule, world.clock().now())));
    return 0;
}

Result<int> verb_rules_test(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    json::object body;
    body["rule"] = TRY(gateway->get(rule_path(arguments.operand(0))));
    body["request"] = model::to_json(request_of(world, arguments));
    const json::value answer = TRY(gateway->post("/v1/rules-test", body));
    const bool matches = flag_at(answer, "matches");
    if (arguments.json()) {
        [[maybe_unused]] const auto done = TRY(print_json(world, answer));
    } else {
        const Look& look = world.console().out_look();
        world.console().out(
            paint(look, matches ? Tone::Good : Tone::Bad, matches ? "matches" : "does not match") +
            ": " + shown(look, text_at(answer, "why")) + "\n");
    }
    return matches ? 0 : 1;
}

Result<int> verb_rules_retire(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    json::object body;
    body["reason"] = arguments.value_or("reason", "");
    body["by"] = arguments.value_or("by", world.person().name);
    const json::value rule = TRY(gateway->post(rule_path(arguments.operand(0)) + "/retire", body));
    if (arguments.json()) {
        return print_json(world, rule);
    }
    const Look& look = world.console().out_look();
    world.console().out("retired " + shown(look, text_at(rule, "id")) + ": " +
                        shown(look, rule_pattern(rule)) + "\n");
    return 0;
}

}  // namespace countersign::cli
