#include "catalogue/words.h"

#include <algorithm>
#include <array>
#include <optional>

#include "text/glob.h"

namespace countersign::catalogue {

namespace {

using model::Word;
using table::Act;
using table::Form;
using table::Many;
using table::Operand;
using table::Option;
using table::Style;
using table::Value;
using table::What;

// How far a subcommand may stand behind other words (aws/gcloud/az groups are at most this deep).
constexpr std::size_t kScanWordsMax = 5;
constexpr std::array<std::string_view, 7> kUniversal = {"--help",   "--version", "-h", "-V",
                                                        "-version", "-help",     "-?"};
constexpr std::array<std::string_view, 4> kFindOperators = {"(", ")", "!", ","};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Reader {
public:
    Reader(const Form& program, std::span<const Word> argv) : argv_(argv) { out_.form = &program; }

    Reading read() {
        if (out_.form->style == Style::Bundle) {
            read_first_bundle();
        }
        while (at_ < argv_.size()) {
            read_word();
        }
        assign_operands();
        note_help();
        return std::move(out_);
    }

private:
    struct Given {
        const Word* word;
        std::size_t position;
    };

    [[nodiscard]] const Form& form() const { return *out_.form; }
    [[nodiscard]] bool has(table::FormMark mark) const { return (form().marks & mark) != 0; }

    void unknown(std::string_view what, std::string_view word) {
        if (out_.known) {
            out_.why = std::string(what) + " " + std::string(word.substr(0, 64)) + " of " +
                       std::string(table::text_of(form().name));
        }
        out_.known = false;
    }

    void read_word() {
        const Word& word = argv_[at_];
        if (!options_done_ && form().style != Style::Plain) {
            if (word.value.has_value() && read_as_option(*word.value)) {
                return;
            }
            if (!word.value.has_value() && word.known_prefix.starts_with('-')) {
                read_partly_known(word);
                return;
            }
        }
        read_operand(word);
    }

    // --- Options ------------------------------------------------------------------------------

    /// False when the word is an operand.
    bool read_as_option(std::string_view text) {
        if (text == "--") {
            const auto listed = table::find_option(form(), "--", table::Abbreviation::Exact);
            out_.flags |= listed.option == nullptr ? 0 : listed.option->sets;
            options_done_ = true;
            ++at_;
            return true;
        }
        if (form().style == Style::Long && is_one_of(kFindOperators, text)) {
            ++at_;
            return true;
        }
        if (text.size() > 1 && text[0] == '+' && has(table::kPlus)) {
            return read_plus(text);
        }
        if (text == "-") {
            return read_single_dash();
        }
        if (text.size() < 2 || text[0] != '-') {
            return false;
        }
        if (text[1] == '-' || form().style == Style::Long) {
            read_long(text);
            return true;
        }
        if (read_whole(text)) {
            return true;
        }
        read_cluster(text, 1);
        return true;
    }

    /// "-" is an operand unless the entry lists it (env -).
    bool read_single_dash() {
        const auto found = table::find_option(form(), "-", table::Abbreviation::Exact);
        if (found.option == nullptr) {
            return false;
        }
        take(*found.option, std::nullopt);
        return true;
    }

    bool read_plus(std::string_view text) {
        table::FoundOption found = table::find_option(form(), text, table::Abbreviation::Exact);
        std::size_t taken = text.size();
        if (found.option == nullptr) {
            found = table::find_option(form(), text.substr(0, 2), table::Abbreviation::Exact);
            taken = 2;
        }
        if (found.option == nullptr) {
            found = table::find_option(form(), "+", table::Abbreviation::Exact);
            taken = 1;
        }
        if (found.option == nullptr) {
            return false;
        }
        take(*found.option, taken < text.size() ? std::optional(taken) : std::nullopt);
        return true;
    }

    /// A single-dash word that is listed as a whole (-shared, -std=c99) or as a number.
    bool read_whole(std::string_view text) {
        const std::size_t equals = text.find('=');
        const auto found =
            table::find_option(form(), text.substr(0, equals), table::Abbreviation::Exact);
        if (found.option != nullptr) {
            take(*found.option,
                 equals == std::string_view::npos ? std::nullopt : std::optional(equals + 1));
            return true;
        }
        if (all_digits(text.substr(1)) && has(table::kNumbers)) {
            ++at_;
            return true;
        }
        if (is_one_of(kUniversal, text) && argv_.size() == at_ + 1) {
            ++at_;
            return true;
        }
        return false;
    }

    void read_long(std::string_view text) {
        const std::size_t equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        const auto attached =
            equals == std::string_view::npos ? std::nullopt : std::optional(equals + 1);
        table::FoundOption found = find_long(name);
        if (found.ambiguous) {
            // Whichever it is, its dangers count.
            out_.flags |= found.sets;
            out_.uses.push_back({found.option->acts, nullptr, 0, at_, at_ + 1});
            unknown("ambiguous option", name);
            ++at_;
        } else if (found.option != nullptr) {
            take(*found.option, attached);
        } else if (!read_single_dash_number(text)) {
            if (!has(table::kLax) && !is_one_of(kUniversal, name)) {
                unknown("option", name);
            }
            ++at_;
        }
    }

    table::FoundOption find_long(std::string_view name) {
        if (form().style != Style::Long) {
            return table::find_option(form(), name, table::Abbreviation::Allowed);
        }
        auto found = table::find_option(form(), name, table::Abbreviation::Exact);
        if (found.option == nullptr) {
            // Go's flag package takes one dash or two.
            const std::string other =
                name.starts_with("--") ? std::string(name.substr(1)) : "-" + std::string(name);
            found = table::find_option(form(), other, table::Abbreviation::Exact);
        }
        return found;
    }

    bool read_single_dash_number(std::string_view text) {
        if (text[1] != '-' && all_digits(text.substr(1)) && has(table::kNumbers)) {
            ++at_;
            return true;
        }
        return false;
    }

    /// "-abc" from `from` on; the cluster is one word.
    void read_cluster(std::string_view text, std::size_t from) {
        const std::size_t here = at_;
        for (std::size_t i = from; i < text.size(); ++i) {
            const std::string spelling = {'-', text[i]};
            const auto found = table::find_option(form(), spelling, table::Abbreviation::Exact);
            if (found.option == nullptr) {
                if (!has(table::kLax) && !(all_digits(text.substr(i, 1)) && has(table::kNumbers))) {
                    unknown("option", spelling);
                }
                continue;
            }
            if (found.option->value == Value::None || found.option->value == Value::Digits) {
                note(*found.option);
                while (found.option->value == Value::Digits && i + 1 < text.size() &&
                       all_digits(text.substr(i + 1, 1))) {
                    ++i;
                }
                continue;
            }
            take(*found.option, i + 1 < text.size() ? std::optional(i + 1) : std::nullopt);
            return;
        }
        at_ = here + 1;
    }

    /// tar(1)'s and ps(1)'s first word: options without a dash, values from the words behind it.
    void read_first_bundle() {
        if (argv_.size() < 2 || !argv_[1].value.has_value() || argv_[1].value->empty() ||
            argv_[1].value->front() == '-' || table::find_sub(form(), *argv_[1].value) != nullptr) {
            return;
        }
        at_ = 2;
        for (const char letter : *argv_[1].value) {
            const std::string spelling = {'-', letter};
            const auto found = table::find_option(form(), spelling, table::Abbreviation::Exact);
            if (found.option == nullptr) {
                if (!has(table::kLax)) {
                    unknown("option", spelling);
                }
            } else if (found.option->value == Value::None ||
                       found.option->value == Value::Optional) {
                note(*found.option);
            } else {
                --at_;
                take(*found.option, std::nullopt);
            }
        }
    }

    /// A word such as --output=$FILE or -o$FILE whose beginning is known.
    void read_partly_known(const Word& word) {
        const std::string_view prefix = word.known_prefix;
        const std::size_t equals = prefix.find('=');
        const bool is_long = prefix.starts_with("--") || form().style == Style::Long;
        table::FoundOption found;
        std::size_t offset = 2;
        if (equals != std::string_view::npos) {
            found = is_long ? find_long(prefix.substr(0, equals))
                            : table::find_option(form(), prefix.substr(0, equals),
                                                 table::Abbreviation::Exact);
            offset = equals + 1;
        }
        if (found.option == nullptr && !is_long && prefix.size() >= 2) {
            found = table::find_option(form(), prefix.substr(0, 2), table::Abbreviation::Exact);
            offset = 2;
            if (found.option != nullptr && found.option->value == Value::None) {
                found.option = nullptr;
            }
        }
        if (found.option == nullptr || found.ambiguous) {
            unknown("option", prefix);
            ++at_;
            return;
        }
        take(*found.option, offset);
    }

    /// A flag without a value.
    void note(const Option& option) {
        out_.flags |= option.sets;
        out_.uses.push_back({option.acts, nullptr, 0, at_, at_});
        options_done_ = options_done_ || option.ends;
    }

    /// The option at `at_` with its value: attached at `attached`, or the next words.
    void take(const Option& option, std::optional<std::size_t> attached) {
        out_.flags |= option.sets;
        options_done_ = options_done_ || option.ends;
        Use use{option.acts, nullptr, 0, at_, at_ + 1};
        const bool wants_next = (option.value == Value::Required && !attached) ||
                                option.value == Value::Rest || option.value == Value::UntilEnd;
        ++at_;
        if (attached && option.value != Value::Rest) {
            use.word = &argv_[use.position];
            use.offset = *attached;
            at_ += option.value == Value::Required ? option.words - 1U : 0U;
        } else if (wants_next && at_ < argv_.size()) {
            use.position = at_;
            use.word = &argv_[at_];
            at_ = end_of_value(option);
            use.end = at_;
            at_ += option.value == Value::UntilEnd ? 1U : 0U;
        }
        at_ = std::min(at_, argv_.size());
        out_.uses.push_back(use);
        if (use.word != nullptr) {
            apply_value(option, use);
        }
    }

    std::size_t end_of_value(const Option& option) const {
        if (option.value == Value::Rest) {
            return argv_.size();
        }
        if (option.value == Value::Required) {
            return at_ + option.words;
        }
        // find(1): up to ";", or to "+" behind "{}".
        for (std::size_t i = at_; i < argv_.size(); ++i) {
            const bool plus = argv_[i].value == "+" && i > at_ && argv_[i - 1].value == "{}";
            if (argv_[i].value == ";" || plus) {
                return i;
            }
        }
        return argv_.size();
    }

    /// Values that set flags (curl -X GET) and values that name a form below (python -m MODULE is
    /// "-m:MODULE").
    void apply_value(const Option& option, const Use& use) {
        set_flags(option.acts, *use.word, use.offset);
        for (std::size_t i = 0; i < option.acts.count; ++i) {
            const Act& act = table::kTables.acts[option.acts.begin + i];
            if (act.what != What::Subcommand) {
                continue;
            }
            if (!use.word->value.has_value()) {
                unknown("module", "that is not known");
                return;
            }
            const std::string name = "-m:" + use.word->value->substr(use.offset);
            const Form* sub = table::find_sub(form(), name);
            if (sub == nullptr) {
                unknown("module", name.substr(3));
                options_done_ = true;
            } else {
                out_.form = sub;
            }
        }
    }

    /// A word that is not known may be any: it sets every flag that its role has.
    void set_flags(table::Range acts, const Word& word, std::size_t offset) {
        for (std::size_t i = 0; i < acts.count; ++i) {
            const Act& act = table::kTables.acts[acts.begin + i];
            if (act.what != What::Flag) {
                continue;
            }
            const auto matches = [&](table::Text pattern) {
                return text::glob_match(table::text_of(pattern), word.value->substr(offset),
                                        text::GlobStars::CrossSlash);
            };
            if (!word.value.has_value() || ((act.match.empty() || matches(act.match)) &&
                                            (act.unmatch.empty() || !matches(act.unmatch)))) {
                out_.flags |= act.recursive_if;
            }
        }
    }

    // --- Operands -----------------------------------------------------------------------------

    void read_operand(const Word& word) {
        if (select_sub(word)) {
            ++at_;
            return;
        }
        const Operand* rest = rest_operand_at(word);
        if (rest != nullptr) {
            out_.flags |= rest->sets;
            out_.uses.push_back({rest->acts, &word, 0, at_, argv_.size()});
            rest_taken_ = rest;
            at_ = argv_.size();
            return;
        }
        operands_.push_back({&word, at_});
        options_done_ = options_done_ || form().style == Style::Posix;
        ++at_;
    }

    bool select_sub(const Word& word) {
        if (form().subs.count == 0 || subs_closed_) {
            return false;
        }
        if (!word.value.has_value()) {
            subs_closed_ = true;
            if (form().operands.count == 0) {
                unknown("subcommand", "that is not known");
            }
            return false;
        }
        const Form* sub = table::find_sub(form(), *word.value);
        if (sub != nullptr) {
            out_.form = sub;
            operands_.clear();
            return true;
        }
        subs_closed_ = !has(table::kScan) || operands_.size() + 1 >= kScanWordsMax;
        return false;
    }

    [[nodiscard]] bool applies(const Operand& operand) const {
        return (operand.need & ~out_.flags) == 0 && (operand.refuse & out_.flags) == 0;
    }

    [[nodiscard]] std::span<const Operand> specs() const {
        return {table::kTables.operands + form().operands.begin, form().operands.count};
    }

    /// The "WORDS..." operand if this word is where it starts.
    const Operand* rest_operand_at(const Word& word) {
        std::size_t before = operands_.size();
        for (const Operand& operand : specs()) {
            if (!applies(operand)) {
                continue;
            }
            if (operand.many == Many::Rest) {
                return before == 0 ? &operand : nullptr;
            }
            if (operand.many == Many::Any || operand.many == Many::Some) {
                if (!takes_assignments(operand) || is_assignment(word)) {
                    return nullptr;
                }
                before = 0;
                continue;
            }
            if (before == 0) {
                return nullptr;
            }
            --before;
        }
        return nullptr;
    }

    static bool takes_assignments(const Operand& operand) {
        return operand.acts.count > 0 &&
               table::kTables.acts[operand.acts.begin].what == What::Assign;
    }

    static bool is_assignment(const Word& word) {
        const std::string_view text =
            word.value ? std::string_view(*word.value) : std::string_view(word.known_prefix);
        return text.find('=') != std::string_view::npos && !text.starts_with('=');
    }

    /// Gives the operands to the specifications: fixed ones first and last, the variable one what
    /// remains between.
    void assign_operands() {
        std::size_t least = 0;
        for (const Operand& operand : specs()) {
            least += applies(operand) && &operand != rest_taken_ &&
                             (operand.many == Many::One || operand.many == Many::Some)
                         ? 1U
                         : 0U;
        }
        std::size_t spare = operands_.size() > least ? operands_.size() - least : 0;
        std::size_t next = 0;
        bool first = true;
        for (const Operand& operand : specs()) {
            if (!applies(operand) || &operand == rest_taken_) {
                continue;
            }
            const bool fixed = operand.many == Many::One || operand.many == Many::Some;
            std::size_t count = fixed ? 1U : 0U;
            if (operand.many == Many::Maybe && spare > 0) {
                count = 1;
                --spare;
            } else if (operand.many == Many::Any || operand.many == Many::Some) {
                count += spare;
                spare = 0;
            }
            for (; count > 0 && next < operands_.size(); --count, ++next) {
                give(operand, operands_[next], first);
            }
            first = false;
        }
        if (next < operands_.size() && !has(table::kLax)) {
            refuse_operand(operands_[next]);
        }
    }

    void give(const Operand& operand, const Given& given, bool first) {
        out_.flags |= operand.sets;
        set_flags(operand.acts, *given.word, 0);
        out_.uses.push_back({operand.acts, given.word, 0, given.position, given.position + 1});
        if (first) {
            out_.first_places.push_back(given.word);
        }
    }

    void refuse_operand(const Given& given) {
        const bool sub = form().subs.count > 0;
        unknown(sub ? "subcommand" : "operand", given.word->value.value_or("that is not known"));
    }

    void note_help() {
        const bool asks =
            argv_.size() > 1 && (argv_.back().value == "--help" ||
                                 (argv_.size() == 2 && argv_[1].value == "--version"));
        out_.asks_help = out_.known && operands_.empty() && rest_taken_ == nullptr && asks &&
                         form().style != Style::Plain &&
                         std::all_of(out_.uses.begin(), out_.uses.end(),
                                     [](const Use& use) { return use.word == nullptr; });
    }

    std::span<const Word> argv_;
    Reading out_;
    std::size_t at_ = 1;
    bool options_done_ = false;
    bool subs_closed_ = false;
    const Operand* rest_taken_ = nullptr;
    std::vector<Given> operands_;
};

}  // namespace

Reading read_words(const table::Form& program, std::span<const model::Word> argv) {
    return Reader(program, argv).read();
}

}  // namespace countersign::catalogue
