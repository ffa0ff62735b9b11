#include "policy/document.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/limits.h"
#include "policy/condition.h"
#include "policy/toml_table.h"
#include "text/glob.h"

namespace countersign::policy {
namespace {

using model::Decision;
using model::RuleVerb;
using model::Tier;

constexpr std::int64_t kApprovalsMost = 8;
constexpr std::string_view kIdPrefix = "builtin/";

// A name becomes part of an id, a record and a message.
std::string id_member(TomlTable& in) {
    const std::string name = in.required_string("name");
    if (name.size() > 64 ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
        in.fail("name", "must be at most 64 of a-z, 0-9 and \"-\"");
    }
    return std::string(kIdPrefix) + name;
}

std::string reason_member(TomlTable& in) {
    return in.required_string("reason");
}

model::RuleScope scope_members(TomlTable& in) {
    model::RuleScope scope;
    scope.agent_types = in.strings("agent_types");
    scope.workspace = in.string("workspace").value_or("");
    scope.kinds = in.names<model::ActionKind>("kinds", model::kActionKindNames);
    return scope;
}

Route route_members(TomlTable& in) {
    Route route;
    const auto decision = in.name<Decision>("decision", model::kDecisionNames);
    if (!decision) {
        in.fail("decision", "is missing");
    }
    route.decision = decision.value_or(Decision::Deny);
    route.approvals = static_cast<int>(in.integer("approvals", 1, kApprovalsMost).value_or(0));
    if (route.decision == Decision::Modify) {
        in.fail("decision", "cannot be modify: write a [[modify]] entry");
    }
    if ((route.decision == Decision::StepUp) != (route.approvals > 0)) {
        in.fail("approvals", "belongs to the decision step_up, and to no other");
    }
    return route;
}

// What no file may say, whatever its place among the sources.
void check_route(TomlTable& routes, Tier tier, const Route& route) {
    const std::string_view name = model::tier_name(tier);
    if (tier == Tier::Forbidden && route.decision != Decision::Deny) {
        routes.fail(name, "must be deny: what is forbidden is never asked for");
    }
    if (tier == Tier::Irreversible &&
        (route.decision == Decision::Allow || route.known_pattern_allows)) {
        routes.fail(name, "must have at least one approval, and no rule may lift it");
    }
}

void read_routes(const toml::table& table, Document& out, TomlFailure& failure) {
    TomlTable routes(table, "[routes]", failure);
    for (std::size_t i = 0; i < kTiers; ++i) {
        const auto tier = static_cast<Tier>(i);
        const toml::table* found = routes.table(model::tier_name(tier));
        if (found == nullptr) {
            continue;
        }
        Route route;
        {
            TomlTable in(*found, "route", failure);
            route = route_members(in);
            route.known_pattern_allows = in.boolean("known_pattern_allows").value_or(false);
        }
        check_route(routes, tier, route);
        out.routes[i] = route;
    }
}

std::optional<Instant> expires_member(TomlTable& in) {
    const toml::node* node = in.node("expires");
    if (node == nullptr) {
        return std::nullopt;
    }
    const auto* date = node->as_date();
    if (date == nullptr) {
        in.fail("expires", "must be a date such as 2027-03-31");
        return std::nullopt;
    }
    const toml::date& value = date->get();
    const std::chrono::year_month_day day{std::chrono::year(value.year),
                                          std::chrono::month(value.month),
                                          std::chrono::day(value.day)};
    return Instant{std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::sys_days(day).time_since_epoch())
                       .count()};
}

struct PatternKey {
    std::string_view name;
    model::PatternKind kind;
};
constexpr std::array<PatternKey, 4> kPatternKeys = {{{"argv", model::PatternKind::Argv},
                                                     {"exact", model::PatternKind::Exact},
                                                     {"glob", model::PatternKind::Glob},
                                                     {"regex", model::PatternKind::Regex}}};

bool names_only_the_program(const model::Rule& rule) {
    return rule.words.size() > 1 &&
           std::all_of(rule.words.begin() + 1, rule.words.end(),
                       [](const std::string& word) { return word == "*" || word == "**"; });
}

// One [[rule]] table may list several patterns; each becomes a rule of its own, so that the record
// says which one let an action pass.
void add_rules(TomlTable& in, const model::Rule& base, bool any_arguments, Document& out) {
    for (const PatternKey& key : kPatternKeys) {
        const std::vector<std::string> patterns = in.strings(key.name);
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            model::Rule rule = base;
            rule.pattern_kind = key.kind;
            rule.id += patterns.size() > 1 ? "/" + std::to_string(i + 1) : "";
            if (key.kind != model::PatternKind::Argv) {
                rule.pattern = patterns[i];
            } else if (auto words = model::words_from_pattern(patterns[i]); words.ok()) {
                rule.words = words.take();
            }
            const bool broad = rule.verb == RuleVerb::Allow && names_only_the_program(rule);
            if (broad && !any_arguments) {
                in.fail(key.name, "names nothing but the program in \"" + patterns[i] +
                                      "\": say any_arguments = true if that is meant");
            }
            if (const auto valid = model::validate(rule); !valid.ok()) {
                in.fail(key.name, "\"" + patterns[i] + "\": " + valid.error().message);
            }
            out.rules.push_back(std::move(rule));
        }
    }
}

void add_effect_rule(TomlTable& in, const model::Rule& base, Document& out) {
    EffectRule rule;
    rule.id = base.id;
    rule.verb = base.verb;
    rule.tier = base.tier;
    rule.scope = base.scope;
    rule.reason = base.reason;
    for (const std::string& text : in.strings("effects")) {
        auto pattern = effect_pattern_from(text);
        if (!pattern.ok()) {
            in.fail("effects", pattern.error().message);
        } else if (rule.verb == RuleVerb::Allow && (!pattern->kind || !pattern->place)) {
            in.fail("effects",
                    "of a rule that allows must name both kind and place: \"" + text + "\"");
        } else {
            rule.patterns.push_back(pattern.take());
        }
    }
    if (rule.verb == RuleVerb::Allow && rule.tier > Tier::SideEffect) {
        in.fail("tier", "of a rule that allows may be side_effect at most");
    }
    out.effect_rules.push_back(std::move(rule));
}

void read_rule(const toml::table& table, Document& out, TomlFailure& failure) {
    TomlTable in(table, "[[rule]]", failure);
    model::Rule base;
    base.id = id_member(in);
    const auto verb = in.name<RuleVerb>("verb", model::kRuleVerbNames);
    if (!verb) {
        in.fail("verb", "is missing");
    }
    base.verb = verb.value_or(RuleVerb::Deny);
    base.tier = in.name<Tier>("tier", model::kTierNames).value_or(base.tier);
    if (base.verb != RuleVerb::Allow && in.has("tier")) {
        in.fail("tier", "belongs to rules that allow");
    }
    base.scope = scope_members(in);
    base.owner = in.string("owner").value_or("");
    base.reason = reason_member(in);
    base.expires = expires_member(in);
    const bool any_arguments = in.boolean("any_arguments").value_or(false);
    const auto given = std::count_if(kPatternKeys.begin(), kPatternKeys.end(),
                                     [&](const PatternKey& key) { return in.has(key.name); });
    if (given + (in.has("effects") ? 1 : 0) != 1) {
        in.fail("name", "needs exactly one of argv, exact, glob, regex and effects");
    } else if (in.has("effects")) {
        add_effect_rule(in, base, out);
    } else {
        add_rules(in, base, any_arguments, out);
    }
}

void read_condition(const toml::table& table, Document& out, TomlFailure& failure) {
    TomlTable in(table, "[[condition]]", failure);
    Condition condition;
    condition.id = id_member(in);
    condition.reason = reason_member(in);
    condition.hint = in.string("hint").value_or("");
    condition.tiers = in.names<Tier>("tiers", model::kTierNames);
    condition.route = route_members(in);
    if (const toml::table* when = in.table("when")) {
        TomlTable keys(*when, "when", failure);
        condition.when = predicates_from(keys);
    }
    if (condition.when.empty()) {
        in.fail("when", "is missing: it must say when the condition holds");
    }
    const bool allows = condition.route.decision == Decision::Allow;
    const auto& tiers = condition.tiers;
    if (allows && (tiers.empty() || std::any_of(tiers.begin(), tiers.end(), [](Tier tier) {
                       return tier > Tier::SideEffect;
                   }))) {
        in.fail("tiers", "of a condition that allows must be listed, side_effect at most");
    }
    out.conditions.push_back(std::move(condition));
}

void check_modification(TomlTable& in, const Modification& change) {
    const auto stars = [](const std::vector<std::string>& words, std::string_view star) {
        return std::count(words.begin(), words.end(), star);
    };
    if (change.words.empty() || change.replacement.empty()) {
        in.fail("to", "and argv must be patterns with at least one word");
        return;
    }
    if (text::has_glob(change.words.front()) || text::has_glob(change.replacement.front())) {
        in.fail("argv", "must name its program");
    }
    if (stars(change.words, "*") != stars(change.replacement, "*") ||
        stars(change.words, "**") != stars(change.replacement, "**")) {
        in.fail("to", "must use each \"*\" and \"**\" of argv once");
    }
    for (const auto* words : {&change.words, &change.replacement}) {
        for (const std::string& word : *words) {
            if (word != "*" && word != "**" && text::has_glob(word)) {
                in.fail("argv", "may hold whole-word stars only");
            }
        }
        if (stars(*words, "**") > 1 || (stars(*words, "**") == 1 && words->back() != "**")) {
            in.fail("argv", "may have \"**\" as its last word only");
        }
    }
}

void read_modification(const toml::table& table, Document& out, TomlFailure& failure) {
    TomlTable in(table, "[[modify]]", failure);
    Modification change;
    change.id = id_member(in);
    change.reason = reason_member(in);
    change.scope = scope_members(in);
    if (auto words = model::words_from_pattern(in.required_string("argv")); words.ok()) {
        change.words = words.take();
    }
    if (auto words = model::words_from_pattern(in.required_string("to")); words.ok()) {
        change.replacement = words.take();
    }
    check_modification(in, change);
    out.modifications.push_back(std::move(change));
}

using EntryReader = void (*)(const toml::table&, Document&, TomlFailure&);

void read_list(TomlTable& root, std::string_view key, EntryReader read, Document& out) {
    const toml::array* list = root.array(key);
    if (list == nullptr) {
        return;
    }
    for (const toml::node& element : *list) {
        if (const toml::table* table = element.as_table()) {
            read(*table, out, root.failure());
        } else {
            root.fail(key, "must hold tables");
        }
    }
}

void read_root(const toml::table& table, Document& out, TomlFailure& failure) {
    TomlTable root(table, "policy file", failure);
    if (root.integer("version", 1, 1) != 1) {
        root.fail("version", "must be 1");
    }
    out.step_up_risk = [&]() -> std::optional<int> {
        const auto risk = root.integer("step_up_risk", 1, 101);
        return risk ? std::optional(static_cast<int>(*risk)) : std::nullopt;
    }();
    out.principal_counts = root.boolean("principal_counts");
    if (const auto spelled = root.string("approval_time")) {
        const auto time = parse_duration(*spelled);
        if (!time || *time < std::chrono::seconds(30) || *time > std::chrono::hours(24)) {
            root.fail("approval_time", "must be a duration from 30s to 24h");
        }
        out.approval_time = time;
    }
    if (const toml::table* routes = root.table("routes")) {
        read_routes(*routes, out, failure);
    }
    read_list(root, "rule", read_rule, out);
    read_list(root, "condition", read_condition, out);
    read_list(root, "modify", read_modification, out);
}

}  // namespace

Result<EffectPattern> effect_pattern_from(std::string_view text) {
    const std::size_t at = text.find('@');
    const Error unknown(ErrorCode::InvalidArgument,
                        "\"" + text::visible(text, 64) + "\" is not KIND@PLACE");
    if (at == std::string_view::npos) {
        return unknown;
    }
    const std::string_view kind = text.substr(0, at);
    const std::string_view place = text.substr(at + 1);
    EffectPattern pattern;
    pattern.kind = model::effect_kind_from(kind);
    pattern.place = model::place_from(place);
    if ((!pattern.kind && kind != "*") || (!pattern.place && place != "*")) {
        return unknown;
    }
    return pattern;
}

Result<Document> parse_document(const Source& source) {
    if (source.text.size() > limits::kConfigBytesMax) {
        return Error(ErrorCode::LimitExceeded, source.name + ": policy file is too long");
    }
    // toml++ refuses invalid UTF-8 itself and reports the line of whatever it refuses.
    const toml::parse_result parsed = toml::parse(std::string_view(source.text));
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        return Error(ErrorCode::Malformed, source.name + ":" +
                                               std::to_string(error.source().begin.line) + ": " +
                                               std::string(error.description()));
    }
    Document document;
    document.name = source.name;
    TomlFailure failure(source.name);
    read_root(parsed.table(), document, failure);
    TRY(failure.result());
    return document;
}

}  // namespace countersign::policy
