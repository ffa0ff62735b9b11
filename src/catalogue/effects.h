// Turns words in roles into effects on classed targets, and into the inner commands that a wrapper
// would run. Also the two kinds of effects that no entry describes, since the shell itself causes
// them: redirections and assignments. Pure; thread safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"
#include "catalogue/words.h"

namespace countersign::catalogue {

/// A word's text as far as it is known.
struct Text {
    std::optional<std::string_view> value;
    std::string_view prefix;  ///< known beginning of an unknown text
    bool glob = false;
    std::string_view given =
        {};  ///< of an unknown text: the path that stands for it, see given_path
};

/// What is known of the word behind its first `offset` bytes (an option's attached value).
Text text_from(const model::Word& word, std::size_t offset);

/// "{}", "{}.bak", "out/{}": what stands around the hole can only be a part of a path.
bool is_part_of_path(std::string_view before, std::string_view behind);

/// Builds effects in one place. Holds references; for the length of one understand() call.
class EffectMaker {
public:
    EffectMaker(const Place& place, std::vector<model::Effect>& out) : place_(place), out_(out) {}

    /// An effect on a path as written; harmless devices and "-" have none. Secret reads, writes
    /// that persist and staged changes get their kind and mark here.
    void on_path(model::Effect effect, const Text& path, const std::optional<std::string>& base);
    /// An effect on a host, URL or user@host.
    void on_host(model::Effect effect, const Text& destination);
    /// An effect whose target is a plain name in the given place.
    void on_name(model::Effect effect, model::Place where, const Text& name);
    void add(model::Effect effect) { out_.push_back(std::move(effect)); }
    [[nodiscard]] const Place& place() const { return place_; }

private:
    const Place& place_;
    std::vector<model::Effect>& out_;
};

/// Effects and inner commands of everything that `reading` found in `command`.
void apply(const Reading& reading, const model::ResolvedCommand& command, const Place& place,
           Understanding& out);

/// Effects of one redirection.
void apply_redirection(const model::Redirection& redirection, EffectMaker& maker);
/// The path that stands for an unknown word which is all of a variable that a CI service sets to a
/// file of its own (`>> "$GITHUB_OUTPUT"`); empty: none does. An assignment to such a variable has
/// an effect, so that the name keeps its meaning.
std::string_view given_path(const model::Word& word);
/// Effects of NAME=value put into an environment; a value that is itself a command (PAGER,
/// GIT_SSH_COMMAND) is an inner shell text.
void apply_assignment(std::string_view name, const model::Word& value, const Place& place,
                      Understanding& out);

}  // namespace countersign::catalogue
