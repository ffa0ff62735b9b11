#include "model/canonical.h"

#include <boost/json.hpp>

#include "base/check.h"
#include "model/codec.h"
#include "model/names.h"
#include "text/canonical_writer.h"
#include "text/json.h"

namespace countersign::model {
namespace {

using text::CanonicalWriter;

/// Members that are left out when they are empty.
void text_member(CanonicalWriter& out, std::string_view name, const std::string& value) {
    if (!value.empty()) {
        out.key(name);
        out.string(value);
    }
}

void write(CanonicalWriter& out, const AgentIdentity& agent) {
    out.begin_object();
    out.key("id");
    out.string(agent.id);
    out.key("model");
    out.string(agent.model);
    out.key("type");
    out.string(agent.type);
    out.end_object();
}

void write(CanonicalWriter& out, const Action& action) {
    out.begin_object();
    if (!action.argv.empty()) {
        out.key("argv");
        out.strings(action.argv);
    }
    if (!action.content.empty()) {
        out.key("content");
        out.strings(action.content);
    }
    out.key("kind");
    out.string(action_kind_name(action.kind));
    text_member(out, "name", action.name);
    text_member(out, "program", action.program);
    text_member(out, "server", action.server);
    text_member(out, "target", action.target);
    text_member(out, "text", action.text);
    out.end_object();
}

void write(CanonicalWriter& out, const Context& context) {
    out.begin_object();
    out.key("agent");
    write(out, context.agent);
    out.key("contained");
    out.boolean(context.contained);
    if (!context.delegation.empty()) {
        out.key("delegation");
        out.strings(context.delegation);
    }
    out.key("directory");
    out.string(context.directory);
    out.key("door");
    out.string(context.door);
    if (!context.environment.empty()) {
        out.key("environment");
        out.strings(context.environment);
    }
    out.key("home");
    out.string(context.home);
    out.key("host");
    out.string(context.host);
    out.key("principal");
    out.string(context.principal);
    out.key("purpose");
    out.string(context.purpose);
    out.key("session");
    out.string(context.session);
    out.key("staged");
    out.boolean(context.staged);
    out.key("time");
    out.instant(context.time);
    text_member(out, "within", context.within);
    out.key("workspace");
    out.string(context.workspace);
    out.end_object();
}

void write(CanonicalWriter& out, Span span) {
    out.begin_array();
    out.number(span.begin);
    out.number(span.end);
    out.end_array();
}

void write(CanonicalWriter& out, const Effect& effect) {
    out.begin_object();
    out.key("command");
    out.number(static_cast<std::int64_t>(effect.command));
    out.key("conditional");
    out.boolean(effect.conditional);
    text_member(out, "detail", effect.detail);
    out.key("kind");
    out.string(effect_kind_name(effect.kind));
    out.key("place");
    out.string(place_name(effect.place));
    out.key("recursive");
    out.boolean(effect.recursive);
    out.key("reversible");
    out.boolean(effect.reversible);
    out.key("span");
    write(out, effect.span);
    out.key("target");
    out.string(effect.target);
    out.end_object();
}

void write(CanonicalWriter& out, const Finding& finding) {
    out.begin_object();
    out.key("kind");
    out.string(finding.kind);
    out.key("severity");
    out.string(severity_name(finding.severity));
    out.key("span");
    write(out, finding.span);
    out.key("why");
    out.string(finding.why);
    out.end_object();
}

void write(CanonicalWriter& out, const Factor& factor) {
    out.begin_object();
    out.key("name");
    out.string(factor.name);
    out.key("points");
    out.number(factor.points);
    out.key("why");
    out.string(factor.why);
    out.end_object();
}

void write(CanonicalWriter& out, const JudgedCommand& command) {
    out.begin_object();
    out.key("argv");
    out.begin_array();
    for (const auto& word : command.argv) {
        out.optional(word);
    }
    out.end_array();
    out.key("directory");
    out.optional(command.directory);
    if (command.inside) {
        out.key("inside");
        out.number(static_cast<std::int64_t>(*command.inside));
    }
    out.key("known");
    out.boolean(command.known);
    out.key("span");
    write(out, command.span);
    out.key("tier");
    out.string(tier_name(command.tier));
    out.end_object();
}

template <class T>
void write_list(CanonicalWriter& out, std::string_view name, const std::vector<T>& list) {
    out.key(name);
    out.begin_array();
    for (const T& element : list) {
        write(out, element);
    }
    out.end_array();
}

void write(CanonicalWriter& out, const Verdict& verdict) {
    const Assessment& assessment = verdict.assessment;
    out.begin_object();
    out.key("approvals");
    out.number(verdict.approvals);
    write_list(out, "commands", assessment.commands);
    out.key("complete");
    out.boolean(assessment.complete);
    out.key("decision");
    out.string(decision_name(verdict.decision));
    write_list(out, "effects", assessment.effects);
    write_list(out, "factors", assessment.factors);
    write_list(out, "findings", assessment.findings);
    out.key("hint");
    out.string(verdict.hint);
    if (verdict.modified) {
        out.key("modified");
        write(out, *verdict.modified);
    }
    out.key("policy");
    out.string(verdict.policy);
    out.key("reason");
    out.string(verdict.reason);
    out.key("risk");
    out.number(assessment.risk);
    out.key("rule");
    out.optional(verdict.rule);
    out.key("tier");
    out.string(tier_name(assessment.tier));
    out.end_object();
}

void write(CanonicalWriter& out, const ActionRequest& request) {
    out.begin_object();
    out.key("action");
    write(out, request.action);
    out.key("context");
    write(out, request.context);
    out.end_object();
}

void write(CanonicalWriter& out, const Outcome& outcome) {
    out.begin_object();
    out.key("bytes_out");
    out.number(outcome.bytes_out);
    out.key("duration_us");
    out.number(outcome.duration_us);
    out.key("error");
    out.string(outcome.error);
    out.key("exit_code");
    outcome.exit_code ? out.number(*outcome.exit_code) : out.null();
    out.key("files_changed");
    out.strings(outcome.files_changed);
    out.key("hosts");
    out.strings(outcome.hosts);
    out.key("started");
    out.boolean(outcome.started);
    out.end_object();
}

/// Text that is not UTF-8 needs the members that tell its exact bytes.
template <class T>
std::string canonical_of(const T& value) {
    std::string out;
    out.reserve(1024);
    CanonicalWriter writer(out);
    write(writer, value);
    if (!writer.ill_formed()) {
        return out;
    }
    // Cannot fail: canonical_json refuses only numbers that are not finite, and there are none.
    return MUST(text::canonical_json(to_json(value)));
}

}  // namespace

std::string canonical(const ActionRequest& request) {
    return canonical_of(request);
}

std::string canonical(const Verdict& verdict) {
    return canonical_of(verdict);
}

std::string canonical(const Outcome& outcome) {
    return canonical_of(outcome);
}

}  // namespace countersign::model
