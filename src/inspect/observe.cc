// Planted instructions in content that an agent reads. Phrases that speak to an assistant rather
// than to a reader: overriding earlier instructions, claiming authority, asking for secrecy, naming
// tools and secrets, fake turns of a conversation. Each phrase group counts once; a document needs
// one telling group or two weak ones. Measured by tests/inspect (see docs/guide/risk.md).
#include <algorithm>
#include <array>

#include "inspect/inspect.h"
#include "inspect/lexical.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::Severity;

struct Phrase {
    std::string_view text;  ///< folded: lower-case, single blanks
    int weight;             ///< 3: tells by itself; 1: only together with others
    std::string_view group;
};

constexpr int kTellingWeight = 3;

constexpr auto kPhrases = std::to_array<Phrase>({
    {"ignore all previous", 3, "override"},
    {"ignore previous", 3, "override"},
    {"ignore the previous", 3, "override"},
    {"ignore your previous", 3, "override"},
    {"ignore all prior", 3, "override"},
    {"ignore all instructions", 3, "override"},
    {"ignore the above", 3, "override"},
    {"ignore everything above", 3, "override"},
    {"ignore any previous", 3, "override"},
    {"ignore your instructions", 3, "override"},
    {"ignore my previous", 3, "override"},
    {"ignore these instructions", 2, "override"},
    {"disregard all", 3, "override"},
    {"disregard previous", 3, "override"},
    {"disregard the previous", 3, "override"},
    {"disregard your", 3, "override"},
    {"disregard the above", 3, "override"},
    {"disregard any", 2, "override"},
    {"forget all previous", 3, "override"},
    {"forget everything", 3, "override"},
    {"forget your instructions", 3, "override"},
    {"forget all instructions", 3, "override"},
    {"forget the above", 3, "override"},
    {"forget what i", 1, "override"},
    {"override your", 3, "override"},
    {"override all previous", 3, "override"},
    {"new instructions:", 2, "override"},
    {"forget about all", 3, "override"},
    {"new task", 1, "override"},
    {"new tasks follow", 2, "override"},
    {"leave all previous", 2, "override"},
    {"vorangegangenen aufgaben", 2, "override"},
    {"vorherigen informationen", 2, "override"},
    {"vorherigen anweisungen", 3, "override"},
    {"instead of the original task", 3, "override"},
    {"before you solve the task", 3, "override"},
    {"before you can solve the task", 3, "override"},
    {"before solving the task", 3, "override"},
    {"stop what you are doing", 2, "override"},
    {"vergiss alle", 3, "override"},
    {"ignoriere alle", 3, "override"},
    {"ignora todas", 3, "override"},
    {"<information>", 3, "frame"},
    {"this is an important message from me", 3, "frame"},
    {"important message", 1, "frame"},
    {"<system>", 2, "frame"},
    {"[system]", 2, "frame"},
    {"<|im_start|>", 3, "frame"},
    {"<|system|>", 3, "frame"},
    {"[inst]", 3, "frame"},
    {"<<sys>>", 3, "frame"},
    {"### instruction", 2, "frame"},
    {"### system", 3, "frame"},
    {"system prompt", 2, "frame"},
    {"system override", 3, "frame"},
    {"system: you", 2, "frame"},
    {"assistant:", 1, "frame"},
    {"begin new instructions", 3, "frame"},
    {"end of document", 1, "frame"},
    {"you are now", 2, "role"},
    {"you are no longer", 2, "role"},
    {"act as if", 1, "role"},
    {"act as a", 1, "role"},
    {"pretend to be", 2, "role"},
    {"pretend you are", 2, "role"},
    {"i want you to act as", 3, "role"},
    {"stell dir vor, du bist", 2, "role"},
    {"evil ai", 2, "role"},
    {"from now on you", 2, "role"},
    {"from now on, you", 2, "role"},
    {"developer mode", 2, "role"},
    {"do anything now", 3, "role"},
    {"jailbreak", 2, "role"},
    {"as an ai language model", 1, "address"},
    {"as an ai", 1, "address"},
    {"ai assistant", 1, "address"},
    {"ai agent", 1, "address"},
    {"dear ai", 3, "address"},
    {"attention ai", 3, "address"},
    {"note to ai", 3, "address"},
    {"to the assistant", 2, "address"},
    {"hey assistant", 3, "address"},
    {"if you are an ai", 3, "address"},
    {"if you are a language model", 3, "address"},
    {"language model", 1, "address"},
    {"llm", 1, "address"},
    {"do not tell the user", 3, "secrecy"},
    {"don't tell the user", 3, "secrecy"},
    {"do not inform the user", 3, "secrecy"},
    {"without telling the user", 3, "secrecy"},
    {"without informing", 2, "secrecy"},
    {"do not mention", 1, "secrecy"},
    {"don't mention", 1, "secrecy"},
    {"keep this secret", 1, "secrecy"},
    {"without asking", 1, "secrecy"},
    {"do not reveal", 1, "secrecy"},
    {"reveal your", 2, "probe"},
    {"your instructions", 1, "probe"},
    {"your prompt", 2, "probe"},
    {"all your prompt", 3, "probe"},
    {"prompt text", 2, "probe"},
    {"print your", 1, "probe"},
    {"repeat the words above", 3, "probe"},
    {"what were your instructions", 3, "probe"},
    {"use the following tool", 2, "act"},
    {"call the tool", 2, "act"},
    {"call the function", 1, "act"},
    {"execute the following", 2, "act"},
    {"run the following command", 1, "act"},
    {"send a link", 1, "act"},
    {"send an email to", 1, "act"},
    {"send all", 1, "act"},
    {"transfer", 1, "act"},
    {"please respond with", 1, "act"},
    {"exfiltrate", 2, "act"},
    {"upload the contents", 2, "act"},
    {"api key to", 2, "act"},
    {"your answer should", 1, "act"},
    {"in your response", 1, "act"},
    {"respond only with", 1, "act"},
});

/// Whether the place stands in a quotation: an opening quote shortly before it. Text *about* an
/// attack quotes it; what counts then is what else the document says.
bool is_quoted(std::string_view text, std::size_t at) {
    constexpr std::size_t kLookBack = 24;
    const std::size_t first = at > kLookBack ? at - kLookBack : 0;
    for (std::size_t i = at; i > first; --i) {
        const char c = text[i - 1];
        if (c == '\'' || c == '"' || c == '`') {
            // A value of a JSON document or of a printed dictionary is content, not a quotation.
            const bool value = i >= 2 && (text[i - 2] == ':' ||
                                          (text[i - 2] == ' ' && i >= 3 && text[i - 3] == ':'));
            return !value &&
                   (i < 2 || text[i - 2] == ' ' || text[i - 2] == '(' || text[i - 2] == '#');
        }
    }
    return false;
}

/// The phrase's weight at its first place: 0 when it is absent, 1 at most in a quotation.
int weight_at(std::string_view folded, const Phrase& phrase) {
    constexpr std::size_t kShortWord = 4;
    if (phrase.text.size() <= kShortWord) {
        return contains_word(folded, phrase.text) ? phrase.weight : 0;
    }
    const std::size_t at = folded.find(phrase.text);
    if (at == std::string_view::npos) {
        return 0;
    }
    return is_quoted(folded, at) ? std::min(phrase.weight, 1) : phrase.weight;
}

/// One weight per group, so that a repeated word does not add up.
int weight_of(std::string_view folded, std::string& telling) {
    int sum = 0;
    std::string_view group;
    int best = 0;
    for (const Phrase& phrase : kPhrases) {
        if (phrase.group != group) {
            sum += best;
            best = 0;
            group = phrase.group;
        }
        const int weight = weight_at(folded, phrase);
        if (weight > best) {
            best = weight;
            if (telling.empty() || weight >= kTellingWeight) {
                telling = std::string(phrase.text);
            }
        }
    }
    return sum + best;
}

/// A command that fetches and runs code, spelled out for a reader.
bool carries_piped_download(const Folded& folded) {
    const bool fetches = contains(folded, "curl ") || contains(folded, "wget ");
    static constexpr auto kPipes = std::to_array<std::string_view>(
        {"| sh", "|sh", "| bash", "|bash", "| sudo bash", "| sudo sh", "| python", "|python"});
    return fetches && contains_any(folded, kPipes);
}

}  // namespace

std::vector<model::Finding> observe(std::string_view content) {
    Sink sink;
    const model::Span whole{0, static_cast<std::uint32_t>(content.size())};
    const Folded folded = fold(content);
    std::string telling;
    const int weight = weight_of(folded, telling);
    if (weight >= kTellingWeight) {
        sink.add("planted_instruction", weight > kTellingWeight ? Severity::High : Severity::Medium,
                 whole, "speaks to an assistant rather than to a reader (\"" + telling + "\")");
    }
    if (carries_piped_download(folded)) {
        sink.add("planted_command", Severity::Low, whole,
                 "carries a command that fetches code and runs it");
    }
    find_hidden_in(content, sink);
    std::vector<model::Finding> findings = sink.take();
    std::stable_sort(
        findings.begin(), findings.end(),
        [](const model::Finding& a, const model::Finding& b) { return a.severity > b.severity; });
    return findings;
}

}  // namespace countersign::inspect
