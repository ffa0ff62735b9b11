#include "catalogue/effects.h"

#include <algorithm>
#include <array>

#include "catalogue/hosts.h"
#include "text/glob.h"

namespace countersign::catalogue {

namespace {

using model::Effect;
using model::EffectKind;
using model::ResolvedCommand;
using model::Word;
using table::Act;
using table::Aim;
using table::text_of;
using table::What;

constexpr std::string_view kFromInput = "comes from standard input";

/// Whether a glob of an act may match the text: for an unknown text, when its known beginning does
/// not rule it out.
bool may_match(std::string_view pattern, const Text& text) {
    if (text.value.has_value()) {
        return text::glob_match(pattern, *text.value, text::GlobStars::CrossSlash);
    }
    const std::string_view literal = pattern.substr(0, pattern.find_first_of("*?["));
    const std::size_t common = std::min(literal.size(), text.prefix.size());
    return literal.substr(0, common) == text.prefix.substr(0, common);
}

/// An unknown text surely matches "+*" when its known beginning does.
bool surely_matches(std::string_view pattern, const Text& text) {
    if (text.value.has_value()) {
        return text::glob_match(pattern, *text.value, text::GlobStars::CrossSlash);
    }
    return pattern.find_first_of("*?[") + 1 == pattern.size() && pattern.ends_with('*') &&
           pattern.size() > 1 && text.prefix.starts_with(pattern.substr(0, pattern.size() - 1));
}

Text cut(Text text, const Act& act) {
    const std::string_view after = text_of(act.after);
    const std::string_view before = text_of(act.before);
    if (!after.empty()) {
        const std::string_view known = text.value.value_or(text.prefix);
        const std::size_t at = known.find(after);
        if (at != std::string_view::npos) {
            const std::string_view rest = known.substr(at + after.size());
            (text.value ? *text.value : text.prefix) = rest;
        } else if (!text.value) {
            text.prefix = {};
        }
    }
    if (!before.empty()) {
        const std::string_view known = text.value.value_or(text.prefix);
        const std::size_t at = known.find(before);
        if (at != std::string_view::npos) {
            text.value = known.substr(0, at);
        }
    }
    return text;
}

/// Applies the acts of one command.
class Applier {
public:
    Applier(const Reading& reading, const ResolvedCommand& command, const Place& place,
            Understanding& out)
        : reading_(reading),
          command_(command),
          out_(out),
          base_(place.directory),
          maker_(place, out.effects) {}

    void run() {
        find_settings();
        for (const Use& use : reading_.uses) {
            apply_acts(use.acts, &use);
        }
        apply_acts(reading_.form->acts, nullptr);
        if (directory_changed_) {
            out_.prints.clear();
        }
    }

private:
    [[nodiscard]] bool applies(const Act& act) const {
        return (act.need & ~reading_.flags) == 0 && (act.refuse & reading_.flags) == 0;
    }

    static std::span<const Act> acts_in(table::Range range) {
        return {table::kTables.acts + range.begin, range.count};
    }

    /// Working directory, inner host and replace string count wherever they stand in the argv.
    void find_settings() {
        for (const Use& use : reading_.uses) {
            for (const Act& act : acts_in(use.acts)) {
                if (use.word == nullptr || !applies(act)) {
                    continue;
                }
                const Text text = text_from(*use.word, use.offset);
                if (act.what == What::Directory) {
                    change_directory(text);
                } else if (act.what == What::Setting) {
                    replace_ = text.value.value_or("");
                } else if (act.what == What::Arguments) {
                    note_arguments(use);
                } else if (act.what == What::Host ||
                           (act.kind == EffectKind::Connect && act.what == What::Effect)) {
                    note_host(text);
                }
            }
        }
    }

    void change_directory(const Text& text) {
        Place here = maker_.place();
        here.directory = base_;
        base_ = text.value ? resolve_path(*text.value, here) : std::nullopt;
        directory_changed_ = true;
    }

    /// sh -c TEXT NAME ARG...: the words are $0, $1 ...; behind sh -s the first one is $1.
    void note_arguments(const Use& use) {
        for (std::size_t i = use.position; i < use.end && i < command_.argv.size(); ++i) {
            arguments_.push_back(command_.argv[i]);
        }
    }

    void note_host(const Text& text) {
        const auto found = text.value ? destination_of(*text.value, Extent::Whole) : std::nullopt;
        if (found) {
            host_ = found->host;
        }
    }

    void apply_acts(table::Range range, const Use* use) {
        for (const Act& act : acts_in(range)) {
            if (applies(act)) {
                apply_act(act, use);
            }
        }
    }

    void apply_act(const Act& act, const Use* use) {
        Text text;
        if (use != nullptr && use->word != nullptr) {
            text = text_from(*use->word, use->offset);
            if (!act.match.empty() && !may_match(text_of(act.match), text)) {
                return;
            }
            if (!act.unmatch.empty() && surely_matches(text_of(act.unmatch), text)) {
                return;
            }
            text = cut(text, act);
        } else if (!act.match.empty()) {
            return;
        }
        switch (act.what) {
            case What::Effect:
            case What::List:
                apply_effect(act, use, text);
                return;
            case What::CopyFrom:
            case What::CopyTo:
                apply_copy(act, use, text);
                return;
            case What::Argv:
                apply_argv(act, use);
                return;
            case What::Shell:
            case What::Sql:
            case What::Program:
                apply_text(act, use, text);
                return;
            case What::Joined:
                apply_joined(act, use);
                return;
            case What::Assign:
                apply_named_assignment(use);
                return;
            case What::Narrow:
                apply_narrow(text);
                return;
            case What::Prints:
                apply_prints(act, use);
                return;
            case What::Arguments:
            case What::Directory:
            case What::Host:
            case What::Subcommand:
            case What::Flag:
            case What::Setting:
                return;
        }
    }

    // --- Effects ------------------------------------------------------------------------------

    Effect effect_of(const Act& act, const Use* use) const {
        Effect effect;
        effect.kind = act.kind;
        effect.span = use != nullptr && use->word != nullptr ? use->word->span : command_.span;
        effect.recursive =
            (act.marks & table::kRecursive) != 0 || (act.recursive_if & reading_.flags) != 0;
        effect.reversible =
            (act.marks & table::kReversible) != 0 || (act.reversible_if & reading_.flags) != 0;
        effect.conditional = (act.marks & table::kMaybe) != 0;
        effect.detail = text_of(act.say);
        return effect;
    }

    void apply_effect(const Act& act, const Use* use, Text text) {
        if ((act.marks & table::kPlaces) != 0) {
            apply_to_places(act, use);
            return;
        }
        std::string fixed;
        if ((act.marks & table::kFixed) != 0) {
            fixed = text_of(act.fixed);
            if ((fixed == "~" || fixed.starts_with("~/")) && !maker_.place().home.empty()) {
                fixed.replace(0, 1, maker_.place().home);
            }
            text = {fixed, {}, false};
        } else if ((act.marks & table::kWorkdir) != 0) {
            text = {".", {}, false};
        } else if (use == nullptr || use->word == nullptr) {
            apply_without_word(act, use);
            return;
        }
        place_effect(act, use, text);
    }

    void apply_without_word(const Act& act, const Use* use) {
        Effect effect = effect_of(act, use);
        effect.place = place_of_aim(act.aim);
        maker_.add(std::move(effect));
    }

    static model::Place place_of_aim(Aim aim) {
        static constexpr std::array kPlaces = {
            model::Place::None,     model::Place::Unknown, model::Place::Unknown,
            model::Place::Package,  model::Place::Service, model::Place::Account,
            model::Place::Database, model::Place::Process, model::Place::Boot,
            model::Place::System,   model::Place::Gateway, model::Place::Unknown};
        return kPlaces[static_cast<std::size_t>(aim)];
    }

    void place_effect(const Act& act, const Use* use, const Text& text) {
        Effect effect = effect_of(act, use);
        switch (act.aim) {
            case Aim::Path:
                if (act.what == What::List) {
                    list_path(std::move(effect), text);
                } else {
                    maker_.on_path(std::move(effect), text, base_);
                }
                return;
            case Aim::Host:
                maker_.on_host(std::move(effect), text);
                return;
            case Aim::Package:
                place_package(std::move(effect), text);
                return;
            case Aim::Unknown:
                maker_.on_name(std::move(effect), model::Place::Unknown, {});
                return;
            default:
                maker_.on_name(std::move(effect), place_of_aim(act.aim), text);
                return;
        }
    }

    /// Names in a directory are no secret even where its files are.
    void list_path(Effect effect, const Text& text) {
        const std::size_t before = out_.effects.size();
        maker_.on_path(std::move(effect), text, base_);
        if (out_.effects.size() == before) {
            return;
        }
        Effect& listed = out_.effects.back();
        listed.kind = EffectKind::Read;
        if (listed.place == model::Place::Device) {
            listed.place = model::Place::System;  // what ls shows of a device is not its content
        }
        const std::size_t pattern = listed.target.find_first_of("*?[");
        if (listed.place == model::Place::Secret && pattern != std::string::npos) {
            // The names that a tree's secrets have are no secret; the tree is what it lies in.
            const std::size_t slash = listed.target.rfind('/', pattern);
            const std::string directory = listed.target.substr(0, std::max<std::size_t>(slash, 1));
            listed.place = class_of_path(directory, maker_.place());
        }
    }

    /// pip install ./here, npm install https://...: not a package of the registry.
    void place_package(Effect effect, const Text& text) {
        const std::string_view name = text.value.value_or(text.prefix);
        if (is_remote(name) && name.find("://") != std::string_view::npos) {
            effect.detail += effect.detail.empty() ? "" : "; ";
            effect.detail += "from a URL";
            maker_.on_host(std::move(effect), text);
        } else if (name == "." || name.starts_with("./") || name.starts_with("../") ||
                   name.starts_with('/') || name.starts_with(".[")) {
            const Text path{
                text.value ? std::optional(name.substr(0, name.find('['))) : std::nullopt,
                {},
                text.glob};
            maker_.on_path(std::move(effect), path, base_);
        } else {
            maker_.on_name(std::move(effect), model::Place::Package, text);
        }
    }

    /// find(1): the effect reaches everything below the starting points.
    void apply_to_places(const Act& act, const Use* use) {
        Effect effect = effect_of(act, use);
        effect.recursive = true;
        if (!narrow_.empty()) {
            for (const Word& word : places()) {
                maker_.on_path(effect, text_from(word, 0), base_);
            }
        } else if (reading_.first_places.empty()) {
            maker_.on_path(std::move(effect), {".", {}, false}, base_);
        } else {
            for (const Word* word : reading_.first_places) {
                maker_.on_path(effect, text_from(*word, 0), base_);
            }
        }
    }

    /// find(1) -name: what stands behind it in the expression means only names of that shape. An
    /// operator that turns or splits the expression ends that, and so does a name that reaches
    /// everything.
    void apply_narrow(const Text& text) {
        const bool split =
            std::any_of(command_.argv.begin(), command_.argv.end(), [](const Word& word) {
                return !word.value.has_value() || word.value == "!" || word.value == ",";
            });
        if (!split && text.value && text.value->find('/') == std::string_view::npos &&
            text.value->find_first_not_of("*?.[]") != std::string_view::npos) {
            narrow_ = *text.value;
        }
    }

    /// What lies below the starting points.
    std::vector<Word> places() const {
        std::vector<Word> words;
        if (reading_.first_places.empty()) {
            words.push_back(below(Word::literal(".", command_.span)));
        }
        for (const Word* place : reading_.first_places) {
            words.push_back(below(*place));
        }
        return words;
    }

    void apply_prints(const Act& act, const Use* use) {
        if ((act.marks & table::kFromInput) != 0) {
            out_.prints_input = true;
        } else if ((act.marks & table::kPlaces) != 0) {
            for (Word& word : places()) {
                out_.prints.push_back(std::move(word));
            }
        } else if ((act.marks & table::kFixed) != 0) {
            Word word = Word::literal(std::string(text_of(act.fixed)), command_.span);
            word.glob = true;
            out_.prints.push_back(std::move(word));
        } else if (use != nullptr && use->word != nullptr) {
            const bool tree = (act.recursive_if & reading_.flags) != 0;
            out_.prints.push_back(tree ? below(*use->word) : *use->word);
        }
    }

    /// scp, rsync, aws s3 cp: a place on another host is an upload or a download.
    void apply_copy(const Act& act, const Use* use, const Text& text) {
        if (use == nullptr || use->word == nullptr) {
            return;
        }
        const std::string_view known = text.value.value_or(text.prefix);
        Effect effect = effect_of(act, use);
        if (!is_remote(known)) {
            maker_.on_path(std::move(effect), text, base_);
            return;
        }
        effect.kind = act.what == What::CopyFrom ? EffectKind::Download : EffectKind::Upload;
        const std::size_t scheme = known.find("://");
        const std::string_view authority =
            scheme == std::string_view::npos ? known.substr(0, known.find(':')) : known;
        maker_.on_host(std::move(effect), {authority, {}, false});
    }

    void apply_named_assignment(const Use* use) {
        if (use == nullptr || use->word == nullptr) {
            return;
        }
        const Text text = text_from(*use->word, use->offset);
        const std::string_view known = text.value.value_or(text.prefix);
        const std::size_t equals = known.find('=');
        if (equals == std::string_view::npos) {
            return;
        }
        Word value = *use->word;
        if (text.value.has_value()) {
            value.value = std::string(known.substr(equals + 1));
        } else {
            value.known_prefix = std::string(known.substr(equals + 1));
        }
        apply_assignment(known.substr(0, equals), value, maker_.place(), out_);
    }

    // --- Inner commands -----------------------------------------------------------------------

    Inner inner_of(const Act& act, Inner::Kind kind) const {
        Inner inner;
        inner.kind = kind;
        inner.elsewhere = (act.marks & table::kElsewhere) != 0;
        inner.elevated = (act.marks & table::kElevated) != 0;
        inner.open_ended = (act.marks & table::kOpen) != 0;
        inner.language = text_of(act.language);
        if (inner.elsewhere) {
            inner.host = host_;
        }
        if (directory_changed_) {
            inner.directory = base_;
        }
        return inner;
    }

    /// Words of an inner argv: what the wrapper fills in is unknown, or a place below find's
    /// starting points.
    void add_inner_word(const Act& act, const Word& word, std::vector<Word>& words) const {
        const std::string_view hole = replace_.empty() ? "{}" : std::string_view(replace_);
        const bool fills = (act.marks & (table::kOpen | table::kPlaces)) != 0;
        if (!fills || !word.value || word.value->find(hole) == std::string::npos) {
            words.push_back(word);
            return;
        }
        const std::string before = word.value->substr(0, word.value->find(hole));
        const std::string behind = word.value->substr(before.size() + hole.size());
        if ((act.marks & table::kPlaces) == 0 || !is_part_of_path(before, behind)) {
            const bool whole = *word.value == hole;
            Word unknown = Word::unknown(
                whole ? std::string(kWordFilledIn) : "the wrapper fills in a part of it",
                word.span);
            unknown.known_prefix = before;
            words.push_back(std::move(unknown));
            return;
        }
        for (Word& place : places()) {
            if (place.value.has_value()) {
                place.value = before + *place.value + behind;
            }
            words.push_back(std::move(place));
        }
    }

    [[nodiscard]] Word below(const Word& place) const {
        Word word = place;
        if (word.value.has_value()) {
            *word.value += word.value->ends_with('/') ? "**" : "/**";
            *word.value += narrow_.empty() ? "" : "/" + narrow_;
            word.glob = true;
        }
        return word;
    }

    void apply_argv(const Act& act, const Use* use) {
        if (use == nullptr || use->word == nullptr) {
            return;
        }
        Inner inner = inner_of(act, Inner::Kind::Argv);
        for (std::size_t i = use->position; i < use->end && i < command_.argv.size(); ++i) {
            Word word = command_.argv[i];
            // parallel(1): what follows ":::" are arguments, one for each run.
            if (inner.open_ended && word.value.has_value() && word.value->starts_with(":::")) {
                break;
            }
            if (i == use->position && use->offset > 0 && word.value.has_value()) {
                word.value = word.value->substr(use->offset);
            }
            add_inner_word(act, word, inner.argv);
        }
        if (inner.open_ended && replace_.empty()) {
            Word more = Word::unknown(std::string(kWordsFromInput));
            more.splits = true;
            inner.argv.push_back(std::move(more));
        }
        out_.inner.push_back(std::move(inner));
    }

    static Inner::Kind kind_of(What what) {
        return what == What::Sql       ? Inner::Kind::Sql
               : what == What::Program ? Inner::Kind::Program
                                       : Inner::Kind::Shell;
    }

    void apply_text(const Act& act, const Use* use, const Text& text) {
        if ((act.marks & table::kFromInput) != 0) {
            apply_input(act);
            return;
        }
        Inner inner = inner_of(act, kind_of(act.what));
        if ((act.marks & table::kFixed) != 0) {
            inner.text = Word::literal(std::string(text_of(act.fixed)), command_.span);
        } else if (use == nullptr || use->word == nullptr) {
            return;
        } else {
            inner.argv = arguments_;
            inner.text = *use->word;
            if (use->word->glob) {
                inner.text.value.reset();  // a pattern is no program
            } else if (text.value.has_value()) {
                inner.text.value = std::string(*text.value);
            } else {
                inner.text.known_prefix = std::string(text.prefix);
            }
        }
        out_.inner.push_back(std::move(inner));
    }

    /// The program comes over standard input.
    void apply_input(const Act& act) {
        using Kind = model::InputSource::Kind;
        const model::InputSource& input = command_.input;
        if (input.kind == Kind::File) {
            Effect effect = effect_of(act, nullptr);
            effect.kind = EffectKind::Execute;
            effect.detail = "runs the file that it reads as standard input";
            maker_.on_path(std::move(effect), text_from(input.content, 0), base_);
            return;
        }
        if (input.kind == Kind::Inherited) {
            Effect effect = effect_of(act, nullptr);
            effect.kind = EffectKind::Execute;
            effect.place = model::Place::Unknown;
            effect.detail = "runs what it reads from standard input";
            maker_.add(std::move(effect));
            return;
        }
        Inner inner = inner_of(act, kind_of(act.what));
        if (!arguments_.empty()) {
            inner.argv = arguments_;
            inner.argv.insert(inner.argv.begin(), command_.argv.front());
        }
        // What the shell itself printed into a pipe is known as well as a here-document is.
        inner.text = input.kind == Kind::Text || input.content.value
                         ? input.content
                         : Word::unknown("the program " + std::string(kFromInput), command_.span);
        out_.inner.push_back(std::move(inner));
    }

    void apply_joined(const Act& act, const Use* use) {
        if (use == nullptr || use->word == nullptr) {
            return;
        }
        Inner inner = inner_of(act, Inner::Kind::Shell);
        inner.text = Word::literal("", use->word->span);
        for (std::size_t i = use->position; i < use->end && i < command_.argv.size(); ++i) {
            const Word& word = command_.argv[i];
            if (!word.value.has_value()) {
                inner.text.known_prefix = inner.text.value.value_or("") + word.known_prefix;
                inner.text.value.reset();
                inner.text.why_unknown = word.why_unknown;
                break;
            }
            *inner.text.value += (i == use->position ? "" : " ") + *word.value;
        }
        if (inner.open_ended && inner.text.value.has_value()) {
            inner.text.known_prefix = *inner.text.value;
            inner.text.value.reset();
            inner.text.why_unknown = kWordsFromInput;
        }
        out_.inner.push_back(std::move(inner));
    }

    const Reading& reading_;
    const ResolvedCommand& command_;
    Understanding& out_;
    std::optional<std::string> base_;
    bool directory_changed_ = false;
    std::optional<std::string> host_;
    std::string replace_;
    std::vector<Word> arguments_;
    std::string narrow_;
    EffectMaker maker_;
};

}  // namespace

void apply(const Reading& reading, const ResolvedCommand& command, const Place& place,
           Understanding& out) {
    Applier(reading, command, place, out).run();
}

}  // namespace countersign::catalogue
