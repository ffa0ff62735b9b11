// rules review, rules suggest: the discipline after the set-up.
#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/limits.h"
#include "cli/field.h"
#include "cli/rules_view.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/vote.h"
#include "model/codec.h"
#include "text/number.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// Notes are names ("over_broad") or {"kind", "why"}; `member` is what to show of the latter.
std::string notes_of(const json::value& entry, std::string_view member) {
    std::string out;
    each_at(entry, "notes", [&](const json::value& item) {
        std::string note = item.is_object() ? text_at(item, member) : text_at(item, "");
        if (member == "kind") {
            std::replace(note.begin(), note.end(), '_', ' ');
        }
        out += (out.empty() ? "" : member == "kind" ? ", " : "; ") + note;
    });
    return out;
}

void print_review_table(World& world, const json::value& list) {
    Table table({{"RULE"},
                 {"WHY LOOK AT IT"},
                 {"USES", Column::Side::Right},
                 {"EXPIRES"},
                 {"OWNER"},
                 {"PATTERN", Column::Side::Left, Column::Width::Yields}});
    each_at(list, "items", [&](const json::value& entry) {
        const json::value* rule = member_at(entry, "rule");
        if (rule == nullptr) {
            return;
        }
        const std::string expires = text_at(*rule, "expires");
        table.add({text_at(*rule, "id"),
                   {notes_of(entry, "kind"), Tone::Warn},
                   text_at(*rule, "uses"),
                   expires.empty() ? "never" : relative_time(expires, world.clock().now()),
                   text_at(*rule, "owner"),
                   {rule_pattern(*rule), Tone::Bold}});
    });
    world.console().out(table.print(world.console().out_look()));
}

/// A copy of the rule with the pattern that the person typed; only narrower ones pass the gateway.
Result<json::value> narrowed(const json::value& document, const std::string& pattern) {
    model::Rule rule = TRY(model::rule_from(document));
    if (rule.pattern_kind == model::PatternKind::Argv) {
        rule.words.clear();
        for (std::size_t at = 0; at < pattern.size();) {
            const std::size_t end = std::min(pattern.find(' ', at), pattern.size());
            if (end > at) {
                rule.words.push_back(pattern.substr(at, end - at));
            }
            at = end + 1;
        }
    } else {
        rule.pattern = pattern;
    }
    TRY(model::validate(rule));
    return model::to_json(rule);
}

enum class Step { Next, Again, Stop };

/// One question about one rule. Again: the answer was none of ours, or the gateway refused it.
class Review {
public:
    Review(World& world, Gateway& gateway, std::string by)
        : world_(world), gateway_(gateway), by_(std::move(by)) {}

    Result<Step> ask(const json::value& entry) {
        Console& console = world_.console();
        const json::value& rule = *member_at(entry, "rule");
        console.err("\n" + print_pairs(console.err_look(), rule_pairs(rule, world_.clock().now())) +
                    paint(console.err_look(), Tone::Warn,
                          "why look at it: " + text::visible(notes_of(entry, "why"))) +
                    "\n[k]eep, [n]arrow, [r]etire, [s]kip, [q]uit? ");
        const auto line = TRY(console.read_line());
        if (!line || *line == "q") {
            return Step::Stop;
        }
        if (line->empty() || *line == "s") {
            return Step::Next;
        }
        return answer(entry, *line);
    }
    [[nodiscard]] int done() const { return done_; }

private:
    Result<Step> answer(const json::value& entry, const std::string& word) {
        const json::value& rule = *member_at(entry, "rule");
        if (word == "k") {
            return send(rule, "keep", nullptr);
        }
        if (word == "r") {
            return send(rule, "retire", nullptr);
        }
        if (word != "n") {
            return Step::Again;
        }
        // The gateway may know a pattern that covers all uses so far; Enter takes it.
        const json::value* known = member_at(entry, "narrower");
        const bool proposed = known != nullptr && known->is_object();
        world_.console().err(
            "narrower pattern (now: " + text::visible(rule_pattern(rule)) +
            (proposed ? ", Enter for: " + text::visible(rule_pattern(*known)) : "") + "): ");
        const auto pattern = TRY(world_.console().read_line());
        if (pattern && pattern->empty() && proposed) {
            return send(rule, "narrow", known);
        }
        if (!pattern || pattern->empty()) {
            return Step::Again;
        }
        auto narrower = narrowed(rule, *pattern);
        if (!narrower.ok()) {
            world_.console().err(text::visible(narrower.error().message) + "\n");
            return Step::Again;
        }
        return send(rule, "narrow", &narrower.value());
    }

    Result<Step> send(const json::value& rule, std::string_view outcome,
                      const json::value* narrower) {
        json::object body;
        body["outcome"] = outcome;
        body["by"] = by_;
        if (narrower != nullptr) {
            body["rule"] = *narrower;
        }
        const auto sent =
            gateway_.post("/v1/rules/" + encode(text_at(rule, "id")) + "/review", body);
        if (!sent.ok()) {
            world_.console().err("not recorded: " + text::visible(sent.error().message) + "\n");
            return Step::Again;
        }
        ++done_;
        world_.console().err("recorded: " + std::string(outcome) + "\n");
        return Step::Next;
    }

    World& world_;
    Gateway& gateway_;
    std::string by_;
    int done_ = 0;
};

Result<int> review_all(World& world, Gateway& gateway, const json::array& entries,
                       const std::string& by) {
    Review review(world, gateway, by);
    for (const json::value& entry : entries) {
        if (member_at(entry, "rule") == nullptr) {
            continue;
        }
        Step step = Step::Again;
        while (step == Step::Again) {
            step = TRY(review.ask(entry));
        }
        if (step == Step::Stop) {
            break;
        }
    }
    world.console().err("\n" + std::to_string(review.done()) + " of " +
                        std::to_string(entries.size()) + " rules reviewed\n");
    return 0;
}

/// What people approved by hand, and how often the same narrow rule would have done it.
struct Suggestion {
    model::Rule rule;
    std::string example;  ///< id of an action that it covers
    int approvals = 0;
};

void count_suggestion(std::map<std::string, Suggestion>& found, Gateway& gateway,
                      const json::value& action) {
    bool by_people = false;
    each_at(action, "votes", [&](const json::value&) { by_people = true; });
    if (!by_people) {
        return;
    }
    const std::string id = text_at(action, "id");
    auto proposal = fetch_proposal(gateway, id);
    if (!proposal.ok() || !proposal->rule) {
        return;
    }
    Suggestion& suggestion = found[model::pattern_text(*proposal->rule)];
    if (suggestion.approvals == 0) {
        suggestion.rule = *proposal->rule;
        suggestion.example = id;
    }
    ++suggestion.approvals;
}

Result<int> print_suggestions(World& world, const Arguments& arguments,
                              const std::vector<Suggestion>& suggestions) {
    if (arguments.json()) {
        json::array items;
        for (const Suggestion& suggestion : suggestions) {
            items.push_back(json::object{{"rule", model::to_json(suggestion.rule)},
                                         {"approvals", suggestion.approvals},
                                         {"action", suggestion.example}});
        }
        return print_json(world, json::object{{"items", std::move(items)}});
    }
    if (suggestions.empty()) {
        world.console().err(
            "nothing to suggest: no repeated approvals that a narrow rule covers\n");
        return 0;
    }
    Table table({{"APPROVED", Column::Side::Right},
                 {"LAST"},
                 {"RULE", Column::Side::Left, Column::Width::Yields},
                 {"FOR", Column::Side::Left, Column::Width::Yields}});
    for (const Suggestion& suggestion : suggestions) {
        table.add({std::to_string(suggestion.approvals) + "x",
                   suggestion.example,
                   {model::pattern_text(suggestion.rule), Tone::Bold},
                   rule_scope_text(suggestion.rule)});
    }
    world.console().out(table.print(world.console().out_look()));
    world.console().err("add one with countersign rules add, or approve --remember next time\n");
    return 0;
}

}  // namespace

Result<int> verb_rules_review(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const json::value list = TRY(all_items(*gateway, "/v1/rules-review", limits::kRulesMax));
    if (arguments.json()) {
        return print_json(world, list);
    }
    const json::array& entries = list.at("items").as_array();
    if (entries.empty()) {
        world.console().err("every rule is in order\n");
        return 0;
    }
    print_review_table(world, list);
    if (!world.console().can_ask()) {
        return 0;
    }
    return review_all(world, *gateway, entries, arguments.value_or("by", world.person().name));
}

Result<int> verb_rules_suggest(World& world, const Arguments& arguments) {
    constexpr std::int64_t kLookBack = 500;
    const auto most =
        text::parse_integer(arguments.value_or("limit", std::to_string(kLookBack)), 1, 10'000);
    if (!most) {
        return Error(ErrorCode::InvalidArgument, "--limit is no number from 1 to 10000");
    }
    Gateway* gateway = TRY(world.gateway());
    std::map<std::string, Suggestion> found;
    TRY(each_item(*gateway, "/v1/actions?state=done", static_cast<std::size_t>(*most),
                  [&](const json::value& action) { count_suggestion(found, *gateway, action); }));
    std::vector<Suggestion> suggestions;
    for (auto& [pattern, suggestion] : found) {
        suggestions.push_back(std::move(suggestion));
    }
    std::stable_sort(
        suggestions.begin(), suggestions.end(),
        [](const Suggestion& a, const Suggestion& b) { return a.approvals > b.approvals; });
    return print_suggestions(world, arguments, suggestions);
}

}  // namespace countersign::cli
