#include "gate/redaction.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/digest.h"
#include "inspect/inspect.h"

namespace countersign::gate {
namespace {

/// 64 bits: that two of a million different secrets have one mark is a chance in 10^7.
constexpr std::size_t kMarkDigits = 16;
constexpr std::string_view kMarkBegin = "[redacted:";

}  // namespace

/// A piece of the joined text that becomes something else.
struct Redactor::Cut {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string kind;
};

std::string Redactor::mark(std::string_view kind, std::string_view literal) const {
    // What looks for passwords in an address takes a mark for one: it stays.
    if (literal.starts_with(kMarkBegin) && literal.ends_with(']')) {
        return std::string(literal);
    }
    return std::string(kMarkBegin) + std::string(kind) + "#" +
           crypto::keyed_digest(key_, literal).hex().substr(0, kMarkDigits) + "]";
}

std::string Redactor::text(std::string_view text) const {
    return inspect::redact(text, [this](const inspect::Secret& secret, std::string_view literal) {
        return mark(secret.kind, literal);
    });
}

/// Replaces in `word`, which stands at `offset` of the joined text, what the cuts touch. A secret
/// that reaches over several words leaves in each the mark of its part, so that a word has the mark
/// that it would have alone.
std::string Redactor::cut_word(const std::string& word, std::size_t offset,
                               const std::vector<Cut>& cuts) const {
    std::string out;
    std::size_t at = 0;
    for (const Cut& cut : cuts) {
        const std::size_t begin = std::max(cut.begin, offset + at) - offset;
        const std::size_t end = std::min(cut.end, offset + word.size());
        if (cut.end <= offset + at || end <= offset + begin) {
            continue;
        }
        out.append(word, at, begin - at);
        std::string_view part = std::string_view(word).substr(begin, end - offset - begin);
        while (part.ends_with(' ')) {
            part.remove_suffix(1);
        }
        out += mark(cut.kind, part);
        at = end - offset;
    }
    return out.append(word, at, std::string::npos);
}

void Redactor::redact(std::map<std::string, std::string>& map) const {
    for (auto& [name, value] : map) {
        // Name and value together: "DATABASE_PASSWORD=x" tells more than "x".
        const std::string both = text(name + "=" + value);
        if (both.starts_with(name + "=")) {
            value = both.substr(name.size() + 1);
        } else {
            value = "[redacted]";
        }
    }
}

void Redactor::redact(std::vector<std::string>& list) const {
    for (std::string& element : list) {
        element = text(element);
    }
}

void Redactor::redact(model::Action& action) const {
    action.text = text(action.text);
    action.argv = words(action.argv);
    action.target = text(action.target);
    action.server = text(action.server);
}

void Redactor::redact(model::JudgedCommand& command) const {
    std::vector<std::string> known;
    known.reserve(command.argv.size());
    for (const auto& word : command.argv) {
        known.push_back(word.value_or("*"));
    }
    known = words(known);
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (command.argv[i]) {
            command.argv[i] = std::move(known[i]);
        }
    }
}

std::vector<std::string> Redactor::words(const std::vector<std::string>& words) const {
    std::string joined;
    for (const std::string& word : words) {
        joined += word;
        joined += ' ';
    }
    std::vector<Cut> cuts;
    for (const inspect::Secret& secret : inspect::secrets(joined)) {
        cuts.push_back({secret.span.begin, secret.span.end, secret.kind});
    }
    if (cuts.empty()) {
        return words;
    }
    std::sort(cuts.begin(), cuts.end(),
              [](const Cut& a, const Cut& b) { return a.begin < b.begin; });
    std::vector<std::string> out;
    out.reserve(words.size());
    std::size_t offset = 0;
    for (const std::string& word : words) {
        out.push_back(cut_word(word, offset, cuts));
        offset += word.size() + 1;
    }
    return out;
}

model::ActionRequest Redactor::request(const model::ActionRequest& whole) const {
    return request(whole, parts(whole, {}));
}

RedactedParts Redactor::parts(const model::ActionRequest& request,
                              const model::Assessment& assessment) const {
    RedactedParts out{request.action, request.context.environment, assessment.commands,
                      assessment.effects, assessment.findings};
    redact(out.action);
    redact(out.environment);
    for (model::JudgedCommand& command : out.commands) {
        redact(command);
    }
    for (model::Effect& effect : out.effects) {
        effect.target = text(effect.target);
        effect.detail = text(effect.detail);
    }
    for (model::Finding& finding : out.findings) {
        finding.why = text(finding.why);
    }
    return out;
}

model::ActionRequest Redactor::request(const model::ActionRequest& whole,
                                       const RedactedParts& parts) const {
    model::ActionRequest out;
    out.action = parts.action;
    out.context = whole.context;
    out.context.purpose = text(out.context.purpose);
    out.context.environment = parts.environment;
    return out;
}

model::Verdict Redactor::verdict(const model::Verdict& whole) const {
    return verdict(whole, parts({}, whole.assessment));
}

model::Verdict Redactor::verdict(const model::Verdict& whole, const RedactedParts& parts) const {
    model::Verdict out = whole;
    CHECK(parts.commands.size() == out.assessment.commands.size());
    for (std::size_t i = 0; i < parts.commands.size(); ++i) {
        // The tier may have changed with the circumstances.
        out.assessment.commands[i].argv = parts.commands[i].argv;
    }
    out.assessment.effects = parts.effects;
    out.assessment.findings = parts.findings;
    for (model::Factor& factor : out.assessment.factors) {
        factor.why = text(factor.why);
    }
    out.reason = text(out.reason);
    out.hint = text(out.hint);
    if (out.modified) {
        redact(*out.modified);
    }
    return out;
}

model::Outcome Redactor::outcome(const model::Outcome& whole) const {
    model::Outcome out = whole;
    out.error = text(out.error);
    redact(out.files_changed);
    redact(out.hosts);
    return out;
}

}  // namespace countersign::gate
