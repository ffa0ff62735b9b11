// An action as the checks of this room see it: its commands with plain names and words, and how
// data flows between them. Built once per findings() call; refers to the Subject, which must
// outlive it. Not thread safe; local to one call.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inspect/inspect.h"
#include "model/action.h"
#include "model/command.h"
#include "model/effect.h"

namespace countersign::inspect {

/// A program's name. Compared with a literal it looks at the length first, as string_view does and
/// libstdc++'s string does not: the checks compare each name with some hundred literals.
class ProgramName : public std::string {
public:
    using std::string::string;
    // NOLINTNEXTLINE(google-explicit-constructor): it is a string and nothing more.
    ProgramName(std::string text) : std::string(std::move(text)) {}

    template <std::size_t N>
    friend bool operator==(const ProgramName& name, const char (&literal)[N]) {
        return name.size() == N - 1 && std::string_view(name) == std::string_view(literal, N - 1);
    }
};

/// One command in plain words.
struct Item {
    const model::ResolvedCommand* command = nullptr;
    ProgramName name;                ///< base name of the program, lower-case; empty when unknown
    std::vector<std::string> words;  ///< argv[1..]; an unknown word is its known beginning
    model::Span span;
    std::optional<std::size_t> inside;
    // What inspect/programs.h says of it, looked up once.
    bool shell = false;
    bool interpreter = false;
    bool downloader = false;
    bool connector = false;
    bool decoder = false;
};

class Scene {
public:
    explicit Scene(const Subject& subject);

    [[nodiscard]] const model::Action& action() const { return *subject_.action; }
    [[nodiscard]] const std::vector<model::Effect>& effects() const;
    [[nodiscard]] const std::vector<Observation>& observations() const;
    [[nodiscard]] const std::vector<Item>& items() const { return items_; }

    /// Every command whose output can reach the standard input of `to` through pipes, nearest
    /// first, `to` itself and its wrappers excluded.
    [[nodiscard]] std::vector<std::size_t> upstream(std::size_t to) const;
    /// Commands in $(...) or <(...) that stand within the words and redirections of `in`, with
    /// everything that feeds them.
    [[nodiscard]] std::vector<std::size_t> substituted(std::size_t in) const;
    /// Both.
    [[nodiscard]] std::vector<std::size_t> sources(std::size_t of) const;
    /// Whether both belong to one pipeline (connected by pipes, in either direction).
    [[nodiscard]] bool one_pipeline(std::size_t a, std::size_t b) const;

private:
    void add_upstream(std::size_t to, std::vector<std::size_t>& out) const;

    Subject subject_;
    std::vector<Item> items_;
    std::vector<std::vector<std::size_t>> feeds_;  ///< by reader: the writers
    std::vector<std::size_t> pipeline_;            ///< smallest index of the connected pipeline
    std::vector<std::size_t> substitutions_;       ///< indices with `substitution`, by span begin
};

/// Collects findings and drops exact repetitions.
class Sink {
public:
    void add(std::string_view kind, model::Severity severity, model::Span span, std::string why);
    [[nodiscard]] std::vector<model::Finding> take() { return std::move(findings_); }

private:
    std::vector<model::Finding> findings_;
    bool full_ = false;
};

bool has_word(const Item& item, std::string_view word);
/// Whether any word starts with this.
bool has_word_prefix(const Item& item, std::string_view prefix);
/// Whether a word is a bundle of short options that has this letter ("-rf" has 'r').
bool has_short_option(const Item& item, char letter);
/// All words joined by spaces.
std::string joined(const Item& item);

// The checks, one file each. Each adds what it finds and never reads outside scene and sink.
void find_shells(const Scene& scene, Sink& sink);
void find_payloads(const Scene& scene, Sink& sink);
void find_leaks(const Scene& scene, Sink& sink);
void find_tampering(const Scene& scene, Sink& sink);
void find_defences(const Scene& scene, Sink& sink);
void find_bombs(const Scene& scene, Sink& sink);
void find_time_bombs(const Scene& scene, Sink& sink);
void find_hidden(const Scene& scene, Sink& sink);
void find_disguise(const Scene& scene, Sink& sink);
/// The same for content that the agent reads.
void find_hidden_in(std::string_view content, Sink& sink);
/// Words of the text that no command has resolved yet: secrets in an action's own text.
void find_secrets(const Scene& scene, Sink& sink);
void find_origin(const Scene& scene, Sink& sink);

}  // namespace countersign::inspect
