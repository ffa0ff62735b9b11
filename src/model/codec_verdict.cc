#include "base/limits.h"
#include "model/codec.h"
#include "model/codec_parts.h"

namespace countersign::model {

namespace json = boost::json;

namespace {

constexpr std::size_t kWordBytesMax = 3 * limits::kActionTextBytesMax;
constexpr std::int64_t kPointsMost = 1000;
constexpr std::int64_t kApprovalsMost = 64;

template <class T>
json::array json_list(const std::vector<T>& list) {
    json::array out;
    out.reserve(list.size());
    for (const T& element : list) {
        out.emplace_back(to_json(element));
    }
    return out;
}

json::array json_words(const std::vector<std::optional<std::string>>& argv) {
    json::array out;
    out.reserve(argv.size());
    for (const auto& word : argv) {
        out.emplace_back(json_optional(word));
    }
    return out;
}

std::vector<std::optional<std::string>> words_member(text::ObjectReader& in,
                                                     std::string_view name) {
    std::vector<std::optional<std::string>> out;
    const json::value* value = in.member(name);
    const json::array* array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr || array->size() > limits::kShellWordsMax) {
        in.fail(name, "must be an array of strings and nulls");
        return out;
    }
    for (const json::value& element : *array) {
        const json::string* text = element.if_string();
        if (text != nullptr && text->size() <= kWordBytesMax) {
            out.emplace_back(std::in_place, text->data(), text->size());
        } else if (element.is_null()) {
            out.emplace_back();
        } else {
            in.fail(name, "must hold strings and nulls");
            return {};
        }
    }
    return out;
}

Result<Factor> factor_from(const json::value& value) {
    text::ObjectReader in(value, "factor");
    Factor factor;
    factor.name = in.string("name", limits::kNameBytesMax);
    factor.points = static_cast<int>(in.integer("points", -kPointsMost, kPointsMost));
    factor.why = in.string("why", kWordBytesMax);
    TRY(in.finish());
    return factor;
}

Result<JudgedCommand> command_from(const json::value& value) {
    text::ObjectReader in(value, "command");
    JudgedCommand command;
    command.argv = words_member(in, "argv");
    command.directory = in.optional_string("directory", kWordBytesMax);
    command.tier = enum_member(in, "tier", kTierNames, Tier::Forbidden);
    command.known = in.boolean("known");
    if (in.optional_member("inside") != nullptr) {
        command.inside = static_cast<std::size_t>(
            in.integer("inside", 0, static_cast<std::int64_t>(limits::kShellCommandsMax)));
    }
    command.span = span_member(in, "span");
    TRY(in.finish());
    return command;
}

Assessment assessment_members(text::ObjectReader& in) {
    Assessment assessment;
    assessment.commands =
        list_member<JudgedCommand>(in, "commands", limits::kShellCommandsMax, command_from);
    assessment.effects = list_member<Effect>(in, "effects", limits::kEffectsMax, effect_from);
    assessment.findings = list_member<Finding>(in, "findings", limits::kFindingsMax, finding_from);
    assessment.factors = list_member<Factor>(in, "factors", limits::kEffectsMax, factor_from);
    assessment.risk = static_cast<int>(in.integer("risk", 0, 100));
    assessment.tier = enum_member(in, "tier", kTierNames, Tier::Forbidden);
    assessment.complete = in.boolean("complete");
    return assessment;
}

}  // namespace

json::value to_json(const Effect& effect) {
    json::object out{{"kind", json_name(effect_kind_name(effect.kind))},
                     {"target", json_text(effect.target)},
                     {"place", json_name(place_name(effect.place))},
                     {"recursive", effect.recursive},
                     {"reversible", effect.reversible},
                     {"conditional", effect.conditional},
                     {"command", static_cast<std::int64_t>(effect.command)},
                     {"span", json_span(effect.span)}};
    if (!effect.detail.empty()) {
        out["detail"] = json_text(effect.detail);
    }
    return out;
}

Result<Effect> effect_from(const json::value& value) {
    text::ObjectReader in(value, "effect");
    Effect effect;
    effect.kind = enum_member(in, "kind", kEffectKindNames, EffectKind::Unknown);
    effect.target = in.string("target", kWordBytesMax);
    effect.place = enum_member(in, "place", kPlaceNames, Place::Unknown);
    effect.recursive = in.boolean("recursive");
    effect.reversible = in.boolean("reversible");
    effect.conditional = in.boolean("conditional");
    effect.command = static_cast<std::size_t>(
        in.integer("command", 0, static_cast<std::int64_t>(limits::kShellCommandsMax)));
    effect.span = span_member(in, "span");
    effect.detail = in.string_or("detail", kWordBytesMax, "");
    TRY(in.finish());
    return effect;
}

json::value to_json(const Finding& finding) {
    return json::object{{"kind", json_text(finding.kind)},
                        {"severity", json_name(severity_name(finding.severity))},
                        {"span", json_span(finding.span)},
                        {"why", json_text(finding.why)}};
}

Result<Finding> finding_from(const json::value& value) {
    text::ObjectReader in(value, "finding");
    Finding finding;
    finding.kind = in.string("kind", limits::kNameBytesMax);
    finding.severity = enum_member(in, "severity", kSeverityNames, Severity::Critical);
    finding.span = span_member(in, "span");
    finding.why = in.string("why", kWordBytesMax);
    TRY(in.finish());
    return finding;
}

json::value to_json(const Factor& factor) {
    return json::object{{"name", json_text(factor.name)},
                        {"points", factor.points},
                        {"why", json_text(factor.why)}};
}

json::value to_json(const JudgedCommand& command) {
    json::object out{{"argv", json_words(command.argv)},
                     {"directory", json_optional(command.directory)},
                     {"tier", json_name(tier_name(command.tier))},
                     {"known", command.known},
                     {"span", json_span(command.span)}};
    if (command.inside) {
        out["inside"] = static_cast<std::int64_t>(*command.inside);
    }
    return out;
}

json::value to_json(const Verdict& verdict) {
    const Assessment& assessment = verdict.assessment;
    json::object out{{"decision", json_name(decision_name(verdict.decision))},
                     {"approvals", verdict.approvals},
                     {"tier", json_name(tier_name(assessment.tier))},
                     {"risk", assessment.risk},
                     {"factors", json_list(assessment.factors)},
                     {"findings", json_list(assessment.findings)},
                     {"effects", json_list(assessment.effects)},
                     {"commands", json_list(assessment.commands)},
                     {"complete", assessment.complete},
                     {"rule", json_optional(verdict.rule)},
                     {"policy", json_text(verdict.policy)},
                     {"reason", json_text(verdict.reason)},
                     {"hint", json_text(verdict.hint)}};
    if (verdict.modified) {
        out["modified"] = to_json(*verdict.modified);
    }
    return out;
}

Result<Verdict> verdict_from(const json::value& value) {
    text::ObjectReader in(value, "verdict");
    Verdict verdict;
    verdict.assessment = assessment_members(in);
    verdict.decision = enum_member(in, "decision", kDecisionNames, Decision::Deny);
    verdict.approvals = static_cast<int>(in.integer("approvals", 0, kApprovalsMost));
    verdict.rule = in.optional_string("rule", limits::kNameBytesMax);
    verdict.policy = in.string("policy", limits::kNameBytesMax);
    verdict.reason = in.string("reason", kWordBytesMax);
    verdict.hint = in.string("hint", kWordBytesMax);
    if (const json::value* modified = in.optional_member("modified")) {
        Action action = TRY(action_from(*modified));
        verdict.modified = std::move(action);
    }
    TRY(in.finish());
    return verdict;
}

}  // namespace countersign::model
