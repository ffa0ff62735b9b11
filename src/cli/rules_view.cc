#include "cli/rules_view.h"

#include <boost/json.hpp>
#include <map>

#include "cli/field.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : std::string(between)) + word;
    }
    return out;
}

std::string scope_of(const json::value& rule) {
    const std::string types = joined(texts_at(rule, "scope.agent_types"), ", ");
    const std::string workspace = text_at(rule, "scope.workspace");
    return (types.empty() ? "every agent" : types + " agents") +
           (workspace.empty() ? "" : ", in " + workspace);
}

}  // namespace

std::string rule_pattern(const json::value& rule) {
    const std::string pattern = text_at(rule, "pattern");
    const std::string kind = text_at(rule, "pattern_kind");
    if (kind == "argv") {
        return joined(texts_at(rule, "words"), " ");
    }
    return kind == "exact" ? pattern : kind + " " + pattern;
}

void add_rule_row(Table& table, const json::value& rule, Instant now) {
    const std::string verb = text_at(rule, "verb");
    const std::string state = text_at(rule, "state");
    const bool retired = state == "retired";
    const std::string expires = text_at(rule, "expires");
    table.add({text_at(rule, "id"),
               {retired ? state : verb, tone_of(retired ? state : verb)},
               verb == "allow" ? text_at(rule, "tier") : "",
               text_at(rule, "uses"),
               expires.empty() ? "never" : relative_time(expires, now),
               text_at(rule, "owner"),
               {rule_pattern(rule), retired ? Tone::Dim : Tone::Bold}});
}

void add_family_rows(Table& table, const std::vector<const json::value*>& rules) {
    struct Family {
        const json::value* first = nullptr;
        std::int64_t uses = 0;
        std::size_t rules = 0;
        std::string patterns;
    };
    std::map<std::string, Family> families;
    for (const json::value* rule : rules) {
        const std::string id = text_at(*rule, "id");
        const std::size_t slash = id.rfind('/');
        const std::size_t family_slash = id.find('/');
        Family& family = families[slash > family_slash ? id.substr(0, slash) : id];
        family.first = family.first == nullptr ? rule : family.first;
        family.uses += number_at(*rule, "uses");
        family.patterns += (family.rules == 0 ? "" : ", ") + rule_pattern(*rule);
        ++family.rules;
    }
    for (const auto& [name, family] : families) {
        const std::string verb = text_at(*family.first, "verb");
        const std::string count =
            family.rules == 1 ? "" : std::to_string(family.rules) + " patterns: ";
        table.add({name,
                   {verb, tone_of(verb)},
                   verb == "allow" ? text_at(*family.first, "tier") : "",
                   std::to_string(family.uses),
                   std::string("never"),
                   text_at(*family.first, "owner"),
                   {count + family.patterns, Tone::Bold}});
    }
}

std::vector<std::pair<std::string, std::string>> rule_pairs(const json::value& rule, Instant now) {
    const auto dated = [&](std::string_view name) {
        const std::string text = text_at(rule, name);
        return text.empty() ? text : text.substr(0, 10) + ", " + relative_time(text, now);
    };
    std::vector<std::pair<std::string, std::string>> pairs = {
        {"rule", text_at(rule, "id")},
        {"pattern", rule_pattern(rule)},
        {"does", text_at(rule, "verb") + " (" + text_at(rule, "pattern_kind") + ")"},
        {"up to", text_at(rule, "tier")},
        {"for", scope_of(rule)},
        {"owner", text_at(rule, "owner")},
        {"reason", text_at(rule, "reason")},
        {"created", dated("created")},
        {"expires", dated("expires")},
        {"reviewed", dated("last_reviewed")},
        {"last used", dated("last_used")},
        {"uses", text_at(rule, "uses")},
        {"state", text_at(rule, "state")}};
    std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
    return pairs;
}

}  // namespace countersign::cli
