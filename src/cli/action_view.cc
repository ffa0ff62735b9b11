#include "cli/action_view.h"

#include <algorithm>
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/paint.h"
#include "model/codec.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

std::string_view base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_shell(std::string_view program) {
    const std::string_view name = base_name(program);
    return name == "bash" || name == "sh" || name == "dash";
}

/// argv[0] is the caller's claim, `program` the file that would start.
bool claims_another_name(const model::Action& action) {
    return !action.program.empty() && base_name(action.program) != base_name(action.argv[0]);
}

/// `bash -c TEXT` and nothing else: then TEXT is what a person should read.
bool is_shell_text(const model::Action& action) {
    return action.kind == model::ActionKind::Exec && action.argv.size() == 3 &&
           is_shell(action.argv[0]) && action.argv[1] == "-c" && !claims_another_name(action);
}

bool plain_word(std::string_view word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_";
    return !word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string quoted(std::string_view word) {
    if (plain_word(word)) {
        return std::string(word);
    }
    std::string out = "'";
    for (const char c : word) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

std::string quoted_argv(const std::vector<std::string>& argv) {
    std::string out;
    for (const std::string& word : argv) {
        out += (out.empty() ? "" : " ") + quoted(word);
    }
    return out;
}

std::string exec_line(const model::Action& action) {
    if (action.argv.empty()) {
        return action.program;
    }
    if (is_shell_text(action)) {
        return action.argv[2];
    }
    return (claims_another_name(action) ? "[" + action.program + " as] " : "") +
           quoted_argv(action.argv);
}

std::vector<std::string> outcome_facts(const json::value& value) {
    std::vector<std::string> facts;
    const json::value* outcome = member_at(value, "outcome");
    if (outcome == nullptr || !outcome->is_object()) {
        return facts;
    }
    if (!flag_at(*outcome, "started")) {
        facts.push_back("did not start: " + text_at(*outcome, "error"));
    }
    if (const std::string code = text_at(*outcome, "exit_code"); !code.empty()) {
        facts.push_back("exit status " + code);
    }
    facts.push_back("took " + std::to_string(number_at(*outcome, "duration_us") / 1000) + " ms");
    if (const auto bytes = number_at(*outcome, "bytes_out"); bytes > 0) {
        facts.push_back(std::to_string(bytes) + " bytes out");
    }
    return facts;
}

/// Lines "  label   text", the label only on the first; every line behind the label is ours or was
/// made visible, and none begins at the left edge, so that no content can pose as another label.
class Sheet {
public:
    explicit Sheet(const Look& look) : look_(look) {}

    void line(std::string_view label, std::string_view visible) {
        constexpr std::size_t kLabel = 10;
        out_ += "  " + paint(look_, Tone::Dim, pad(label == last_ ? "" : label, kLabel)) + " " +
                wrap(look_, visible, kLabel + 3) + "\n";
        last_ = label;
    }
    /// Foreign text, made visible; nothing when empty.
    void foreign(std::string_view label, std::string_view text) {
        if (!text.empty()) {
            line(label, text::visible(text));
        }
    }
    void raw(std::string_view text) { out_ += text; }
    [[nodiscard]] const Look& look() const { return look_; }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    const Look& look_;
    std::string out_;
    std::string last_;
};

/// One line of the action, broken by us and barred on every row: broken by the terminal, its rest
/// would stand at the left edge and could pose as one of our labels.
void add_barred(Sheet& sheet, const std::string& bar, std::string_view line) {
    const auto width = static_cast<std::size_t>(std::max(sheet.look().width, 0));
    const std::size_t room = width > columns_of(bar) + 8 ? width - columns_of(bar) : 0;
    do {
        const std::string_view row = room == 0 ? line : fit_columns(line, room);
        sheet.raw(bar + paint(sheet.look(), Tone::Bold, row) + "\n");
        line.remove_prefix(row.size());
    } while (!line.empty());
}

void add_action(Sheet& sheet, const model::Action& action) {
    const std::string text = action_line(action);
    const std::string bar = sheet.look().utf8 ? "  \u2503 " : "  | ";
    std::string_view rest(text);
    const bool cut = rest.size() > kShownActionBytesMax;
    const std::string visible = text::visible_lines(rest.substr(0, kShownActionBytesMax));
    std::string_view lines(visible);
    while (true) {
        const auto end = lines.find('\n');
        add_barred(sheet, bar, lines.substr(0, end));
        if (end == std::string_view::npos) {
            break;
        }
        lines.remove_prefix(end + 1);
    }
    if (cut) {
        sheet.raw(bar +
                  paint(sheet.look(), Tone::Bad,
                        "NOT ALL IS SHOWN: " + std::to_string(text.size() - kShownActionBytesMax) +
                            " bytes follow (countersign show ID --json has them)") +
                  "\n");
    }
    if (const std::string wrapper = action_wrapper(action); !wrapper.empty()) {
        sheet.foreign("started as", wrapper);
    }
}

std::string effect_text(const model::Effect& effect) {
    std::string out(model::effect_kind_name(effect.kind));
    std::replace(out.begin(), out.end(), '_', ' ');
    out += effect.target.empty() ? " something that cannot be known"
                                 : " " + text::visible(effect.target, 512);
    out += effect.recursive ? " and all below" : "";
    out += effect.detail.empty() ? "" : ", " + text::visible(effect.detail, 512);
    out += effect.conditional ? ", perhaps" : "";
    return out + (effect.reversible ? ", can be undone" : "");
}

/// Reading and running is what nearly everything does; it is told only when nothing else is.
bool is_quiet(const model::Effect& effect) {
    return effect.kind == model::EffectKind::Read || effect.kind == model::EffectKind::Execute;
}

void add_effects(Sheet& sheet, const model::Assessment& assessment, std::size_t most) {
    std::vector<const model::Effect*> effects;
    for (const model::Effect& effect : assessment.effects) {
        effects.push_back(&effect);
    }
    std::stable_partition(effects.begin(), effects.end(),
                          [](const model::Effect* effect) { return !is_quiet(*effect); });
    for (std::size_t i = 0; i < effects.size(); ++i) {
        if (i == most) {
            sheet.line("would", "and " + std::to_string(effects.size() - most) + " more effects");
            break;
        }
        sheet.line("would", effect_text(*effects[i]));
    }
    if (!assessment.complete) {
        sheet.line("would", "more, perhaps: not every word of it can be known");
    }
}

void add_findings(Sheet& sheet, const model::Assessment& assessment) {
    for (const model::Finding& finding : assessment.findings) {
        if (finding.severity >= model::Severity::Medium) {
            const auto severity = model::severity_name(finding.severity);
            sheet.line("found", paint(sheet.look(), tone_of(severity), severity) + " " +
                                    text::visible(finding.kind, 128) + ": " +
                                    text::visible(finding.why, 1024));
        }
    }
}

void add_factors(Sheet& sheet, const model::Assessment& assessment, std::size_t most) {
    std::vector<model::Factor> factors = assessment.factors;
    std::stable_sort(factors.begin(), factors.end(),
                     [](const model::Factor& a, const model::Factor& b) {
                         return std::abs(a.points) > std::abs(b.points);
                     });
    for (std::size_t i = 0; i < factors.size() && i < most; ++i) {
        const model::Factor& factor = factors[i];
        const std::string points = (factor.points < 0 ? "" : "+") + std::to_string(factor.points);
        sheet.line("because", std::string(points.size() < 3 ? 3 - points.size() : 0, ' ') + points +
                                  "  " + text::visible(factor.why, 512) + " (" +
                                  text::visible(factor.name, 128) + ")");
    }
}

void add_verdict(Sheet& sheet, const ActionView& view) {
    const model::Verdict& verdict = view.answer.verdict;
    const auto tier = model::tier_name(verdict.assessment.tier);
    std::string line = paint(sheet.look(), tone_of(tier), tier) + ", risk " +
                       std::to_string(verdict.assessment.risk) + " of 100";
    if (verdict.approvals > 0) {
        line += ", needs " + std::to_string(verdict.approvals) +
                (verdict.approvals == 1 ? " approval" : " approvals of different people") +
                ", has " + std::to_string(view.answer.votes_for);
    }
    sheet.line("tier", line);
    sheet.foreign("reason", verdict.reason);
    if (verdict.modified) {
        sheet.foreign("runs as", action_line(*verdict.modified));
    }
}

void add_context(Sheet& sheet, const ActionView& view) {
    const model::Context& context = view.request.context;
    sheet.line("asked by", text::visible(context.agent.type, 128) + " agent " +
                               text::visible(context.agent.id, 256) + ", started by " +
                               text::visible(context.principal, 256) + " on " +
                               text::visible(context.host, 256) + ", session " +
                               text::visible(context.session, 64));
    sheet.foreign("purpose", context.purpose);
    sheet.foreign("directory", context.directory);
    for (const auto& [path, digest] : view.request.action.content) {
        sheet.line("runs file", text::visible(path, 1024) + " " + text::visible(digest, 96));
    }
    for (const auto& [name, value] : context.environment) {
        sheet.line("with", text::visible(name, 128) + "=" + text::visible(value, 512));
    }
}

void add_end(Sheet& sheet, const ActionView& view, Instant now) {
    for (const CastVote& vote : view.votes) {
        sheet.line("vote", paint(sheet.look(), tone_of(vote.ballot), text::visible(vote.ballot)) +
                               " by " + text::visible(vote.approver) + " at " +
                               text::visible(short_time(vote.time, now)) +
                               (vote.comment.empty() ? "" : ": " + text::visible(vote.comment)));
    }
    sheet.foreign("decided by", view.answer.decided_by);
    sheet.foreign("rule", view.answer.verdict.rule.value_or(""));
    std::string outcome;
    for (const std::string& fact : view.outcome) {
        outcome += (outcome.empty() ? "" : ", ") + fact;
    }
    sheet.foreign("outcome", outcome);
    sheet.foreign("hint", view.answer.verdict.hint);
    sheet.foreign("digest", view.answer.digest);
    sheet.foreign("policy", view.answer.verdict.policy);
}

}  // namespace

Result<ActionView> view_from(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) {
        return Error(ErrorCode::Malformed, "the gateway's action is not an object");
    }
    ActionView view;
    view.answer = TRY(client::answer_from(value));
    const json::value* request = object->if_contains("request");
    if (request == nullptr) {
        return Error(ErrorCode::Malformed, "the gateway's action has no request");
    }
    view.request = TRY(model::request_from(*request));
    each_at(value, "votes", [&view](const json::value& vote) {
        view.votes.push_back({text_at(vote, "approver"), text_at(vote, "ballot"),
                              text_at(vote, "comment"), text_at(vote, "time")});
    });
    view.created = text_at(value, "created");
    view.outcome = outcome_facts(value);
    return view;
}

std::string action_line(const model::Action& action) {
    switch (action.kind) {
        case model::ActionKind::Command:
        case model::ActionKind::Sql:
            return action.text;
        case model::ActionKind::Exec:
            return exec_line(action);
        case model::ActionKind::ToolCall:
            return action.server + "/" + action.name + " " + action.text;
        case model::ActionKind::Http:
            return action.name + " " + action.target +
                   (action.text.empty() ? "" : "\n" + action.text);
        case model::ActionKind::File:
            return action.name + " file " + action.target +
                   (action.text.empty() ? "" : "\n" + action.text);
    }
    return {};
}

std::string action_wrapper(const model::Action& action) {
    if (action.kind != model::ActionKind::Exec || action.argv.empty()) {
        return {};
    }
    // The program's file may differ from the name that argv[0] claims; the file is what runs.
    if (is_shell_text(action)) {
        return action.program + " -c";
    }
    return action.program == action.argv[0] ? "" : action.program;
}

std::string describe(const Look& look, const ActionView& view, Instant now) {
    Sheet sheet(look);
    const auto state = client::kActionStateNames[static_cast<std::size_t>(view.answer.state)];
    std::string head = text::visible(view.answer.id) + "  " + paint(look, tone_of(state), state);
    if (view.answer.open() && view.answer.expires) {
        head += ", denied " + relative_time(*view.answer.expires, now) + " unless approved";
    }
    sheet.raw(head + "\n\n");
    add_action(sheet, view.request.action);
    sheet.raw("\n");
    add_verdict(sheet, view);
    add_effects(sheet, view.answer.verdict.assessment, 20);
    add_findings(sheet, view.answer.verdict.assessment);
    add_factors(sheet, view.answer.verdict.assessment, 20);
    add_context(sheet, view);
    add_end(sheet, view, now);
    return sheet.take();
}

std::string describe_briefly(const Look& look, const ActionView& view) {
    Sheet sheet(look);
    add_action(sheet, view.request.action);
    add_verdict(sheet, view);
    add_effects(sheet, view.answer.verdict.assessment, 4);
    add_findings(sheet, view.answer.verdict.assessment);
    add_factors(sheet, view.answer.verdict.assessment, 3);
    sheet.foreign("directory", view.request.context.directory);
    return sheet.take();
}

}  // namespace countersign::cli
