// Instruction provenance: what an action is about to do stands, verbatim or lightly edited, in
// content that the agent has read. Reading a README and running its `make test` is normal work; the
// finding is serious only where the command would do something that a stranger may not ask for
// (fetch and run, send, delete, persist, read secrets ...).
//
// Every text is cut into words; four consecutive words make a shingle. The command's shingles and
// its hosts are looked for in each observation in one pass: linear in the observed bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"
#include "text/utf8.h"

namespace countersign::inspect {
namespace {

using model::EffectKind;
using model::Place;
using model::Severity;

constexpr std::size_t kShingleWords = 4;
/// A command shorter than this many words is compared as a whole.
constexpr std::size_t kCommandsMax = 64;
/// Share of a command's shingles that must stand in the observation: a changed flag or path costs
/// up to four shingles.
constexpr std::size_t kShareMin = 60;
constexpr std::size_t kNeedleBytesMin = 10;

std::uint64_t mix(std::uint64_t hash, std::string_view word) {
    for (const char c : word) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return hash * 31 + 7;
}

bool is_word_byte(char c) {
    return c > ' ' && c != '"' && c != '\'' && c != '`' && c != '|' && c != ';' && c != '&' &&
           c != '(' && c != ')' && c != '<' && c != '>' && c != ',' && c != '$' && c != '{' &&
           c != '}' && c != '*';
}

/// Calls visit(hash) with each shingle of `words` words.
template <class Visit>
void each_shingle(std::string_view text, std::size_t words, Visit visit) {
    std::array<std::uint64_t, kShingleWords> last{};
    std::size_t count = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        while (at < text.size() && !is_word_byte(text[at])) {
            ++at;
        }
        const std::size_t begin = at;
        while (at < text.size() && is_word_byte(text[at])) {
            ++at;
        }
        if (at == begin) {
            break;
        }
        std::string_view word = text.substr(begin, at - begin);
        while (word.size() > 1 && (word.back() == '.' || word.back() == ':')) {
            word.remove_suffix(1);
        }
        last[count % kShingleWords] = mix(1469598103934665603ULL, word);
        ++count;
        if (count >= words) {
            std::uint64_t shingle = 0;
            for (std::size_t k = 0; k < words; ++k) {
                shingle = shingle * 1000003 + last[(count - words + k) % kShingleWords];
            }
            visit(shingle);
        }
    }
}

std::size_t word_count(std::string_view text) {
    std::size_t count = 0;
    each_shingle(text, 1, [&](std::uint64_t) { ++count; });
    return count;
}

/// How grave it is that a stranger's text asks for this.
Severity severity_of(const Scene& scene, std::size_t command) {
    Severity most = Severity::Info;
    for (const model::Effect& effect : scene.effects()) {
        if (effect.command != command) {
            continue;
        }
        switch (effect.kind) {
            case EffectKind::Upload:
            case EffectKind::SecretRead:
            case EffectKind::Persist:
            case EffectKind::Identity:
            case EffectKind::Publish:
            case EffectKind::Deploy:
            case EffectKind::Infra:
            case EffectKind::Privilege:
                most = std::max(most, Severity::High);
                break;
            case EffectKind::Delete:
                most = std::max(most, effect.reversible || effect.place == Place::Temporary
                                          ? Severity::Low
                                          : Severity::High);
                break;
            case EffectKind::Connect:
            case EffectKind::Unknown:
            case EffectKind::Eval:
            case EffectKind::Listen:
                most = std::max(most, Severity::Medium);
                break;
            case EffectKind::Execute:
                most = std::max(
                    most, effect.place == Place::Workspace ? Severity::Info : Severity::Medium);
                break;
            case EffectKind::Write:
            case EffectKind::Create:
                most = std::max(most,
                                effect.place == Place::Workspace || effect.place == Place::Temporary
                                    ? Severity::Info
                                    : Severity::High);
                break;
            case EffectKind::Download:
                most = std::max(most,
                                effect.place == Place::Package ? Severity::Low : Severity::Medium);
                break;
            default:
                break;
        }
    }
    return most;
}

/// The telling text of one command, as a document would spell it.
std::string text_of(const Item& item) {
    std::string text = item.name;
    for (const std::string& word : item.words) {
        text += ' ';
        text += word;
    }
    return text;
}

/// The shingles of every command and how many of each stood in one observation.
class Wanted {
public:
    explicit Wanted(const Scene& scene, std::size_t count) {
        shingles_.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::string text = text_of(scene.items()[i]);
            const std::size_t words = std::min(word_count(text), kShingleWords);
            if (words == 0 || text.size() < kNeedleBytesMin) {
                continue;
            }
            sizes_[words - 1] = true;
            each_shingle(text, words, [&](std::uint64_t shingle) {
                shingles_[i].insert(shingle);
                filter_[shingle % filter_.size()] = true;
            });
        }
    }

    /// For each command: whether enough of it stands in the text.
    [[nodiscard]] std::vector<bool> found_in(std::string_view text) const {
        std::unordered_set<std::uint64_t> present;
        for (std::size_t words = 1; words <= kShingleWords; ++words) {
            if (sizes_[words - 1]) {
                each_shingle(text, words, [&](std::uint64_t shingle) {
                    if (filter_[shingle % filter_.size()]) {
                        present.insert(shingle);
                    }
                });
            }
        }
        std::vector<bool> found(shingles_.size(), false);
        for (std::size_t i = 0; i < shingles_.size(); ++i) {
            const auto in_text = static_cast<std::size_t>(
                std::count_if(shingles_[i].begin(), shingles_[i].end(),
                              [&](std::uint64_t shingle) { return present.count(shingle) != 0; }));
            found[i] = !shingles_[i].empty() && in_text * 100 >= shingles_[i].size() * kShareMin;
        }
        return found;
    }

private:
    std::vector<std::unordered_set<std::uint64_t>> shingles_;
    std::array<bool, kShingleWords> sizes_{};
    std::vector<bool> filter_ = std::vector<bool>(65'521, false);
};

/// Host of the first URL among the words; empty when there is none.
std::string host_of(const Item& item) {
    for (const std::string& word : item.words) {
        const std::size_t scheme = word.find("://");
        if (scheme == std::string::npos) {
            continue;
        }
        std::string host = word.substr(scheme + 3);
        host = host.substr(0, host.find_first_of("/?#"));
        host = host.substr(host.rfind('@') == std::string::npos ? 0 : host.rfind('@') + 1);
        if (host.size() >= 4) {
            return host;
        }
    }
    return {};
}

/// Whether what the command fetches is run by another command of its pipeline.
bool feeds_code(const Scene& scene, std::size_t i) {
    if (!scene.items()[i].downloader) {
        return false;
    }
    for (std::size_t k = 0; k < scene.items().size(); ++k) {
        if (k != i && runs_words(scene.items()[k]) && scene.one_pipeline(i, k)) {
            return true;
        }
    }
    return false;
}

}  // namespace

void find_origin(const Scene& scene, Sink& sink) {
    if (scene.observations().empty()) {
        return;
    }
    const std::size_t count = std::min(scene.items().size(), kCommandsMax);
    const Wanted wanted(scene, count);
    std::vector<bool> reported(count, false);
    for (const Observation& observation : scene.observations()) {
        const std::vector<bool> found = wanted.found_in(observation.content);
        const std::string source = text::visible(observation.source, 120);
        for (std::size_t i = 0; i < count; ++i) {
            const Item& item = scene.items()[i];
            const Severity severity = feeds_code(scene, i) ? Severity::High : severity_of(scene, i);
            const std::string host = severity >= Severity::Medium ? host_of(item) : std::string();
            if (reported[i]) {
                continue;
            }
            if (found[i]) {
                reported[i] = true;
                sink.add("untrusted_origin", severity, item.span,
                         "this command stands in what the agent read from " + source);
            } else if (!host.empty() && contains(observation.content, host)) {
                reported[i] = true;
                sink.add("untrusted_origin", severity, item.span,
                         "the address " + text::visible(host, 100) +
                             " comes from what the agent read in " + source);
            }
        }
    }
}

}  // namespace countersign::inspect
