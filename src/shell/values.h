// What resolution knows about data: values of variables, fields of expanded words, and the shell's
// state with a journal, so that branches can be tried, taken back and joined in time proportional
// to what they changed.
//
// Values; a State belongs to one analysis and one thread.
#pragma once

#include <cstdint>
#include <forward_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/command.h"
#include "shell/arena.h"
#include "shell/tree.h"

namespace countersign::shell {

/// A word of more pieces says only that it is not known.
inline constexpr std::size_t kPiecesMax = 64;

/// One scalar as far as it is known.
struct Value {
    enum class Kind : std::uint8_t {
        Unset,
        Text,     ///< exactly `text`
        Glob,     ///< one file name that matches the pattern `text`
        Number,   ///< some integer; never splits (with the default IFS), never runs anything
        Unknown,  ///< `text` is the known start, `why` the reason
    };
    Kind kind = Kind::Unset;
    std::string text;
    std::string why;
    /// Of an unknown value: what it is made of, see model::Word.
    std::vector<model::WordPiece> pieces;

    /// The reason does not count: two unknown values with one known start are the same knowledge.
    bool operator==(const Value& other) const {
        return kind == other.kind && text == other.text && pieces == other.pieces;
    }
    [[nodiscard]] bool is_text() const { return kind == Kind::Text; }
    [[nodiscard]] bool is_known() const { return kind == Kind::Text || kind == Kind::Unset; }

    static Value known(std::string text) { return {Kind::Text, std::move(text), {}, {}}; }
    static Value number(std::string why) { return {Kind::Number, {}, std::move(why), {}}; }
    static Value unknown(std::string why) { return {Kind::Unknown, {}, std::move(why), {}}; }
    /// The value that the environment gave the variable, whatever it is.
    static Value initial(std::string_view name);
};

/// Appends a piece; literal text joins the literal text before it.
void append_piece(std::vector<model::WordPiece>& pieces, const model::WordPiece& piece);
/// The value of before+=added.
Value concatenate(const Value& before, const Value& added);

/// The value of either of two paths.
Value join(const Value& a, const Value& b);

struct Variable {
    Value value;  ///< of a scalar; for an array: unused
    bool array = false;
    bool associative = false;
    bool elements_known = true;
    std::map<std::int64_t, Value> elements;
    bool exported = false;  ///< by this text
    bool assigned = false;  ///< by this text
    bool integer = false;
    bool nameref = false;
    bool recased = false;  ///< declare -u, -l, -c
    bool readonly = false;

    bool operator==(const Variable&) const = default;
};

struct Function {
    const Command* body = nullptr;
    std::string name;
    bool ambiguous = false;  ///< defined differently, or not at all, on some path
    bool operator==(const Function&) const = default;
};

/// The part of the state that is small enough to be journaled whole. What its views and pointers
/// refer to is kept by the resolver, or is given around the text, for the whole analysis: a copy
/// costs a few words, since one is taken for every branch and every change of directory.
struct Core {
    std::optional<std::string_view> directory;
    /// The directory if the last cd failed; equal to `directory` otherwise.
    std::optional<std::string_view> directory_if_failed;
    bool alive = true;  ///< false: no path gets here
    bool stop_on_error = false;
    bool no_globs = false;
    bool exports_all = false;                        ///< set -a
    const std::vector<Value>* positional = nullptr;  ///< never nullptr in a State
    bool positional_known = true;
    /// Where `exec <file` moved the standard input of this shell; nullptr: nowhere.
    const model::InputSource* moved_input = nullptr;

    bool operator==(const Core&) const = default;
};

/// Variables and functions by name, with a journal. Values that were set are never changed or freed
/// before the State: journal, branches and histories hold pointers to them.
class State {
public:
    explicit State(const Core& core) : core_(core) {}

    /// nullptr: never assigned in this text and not given around it. Valid as long as the State.
    [[nodiscard]] const Variable* variable(std::string_view name) const;
    void set_variable(std::string_view name, Variable value);
    /// A variable given around the text: not in the journal. `name` and `value` outlive the State.
    void give_variable(std::string_view name, const Variable& value);
    void forget_variable(std::string_view name);
    [[nodiscard]] const Function* function(std::string_view name) const;
    void set_function(std::string_view name, Function function);
    void remove_function(std::string_view name);
    [[nodiscard]] const Core& core() const { return core_; }
    void set_core(const Core& core);
    /// Variables that the text exported, by name and in order of name.
    [[nodiscard]] const std::map<std::string_view, const Variable*>& exported() const {
        return exported_;
    }

    using Mark = std::size_t;
    [[nodiscard]] Mark mark() const { return journal_.size(); }
    /// Whether anything set this variable since `mark`, be it to the same value.
    [[nodiscard]] bool touched_since(Mark mark, std::string_view name) const;
    /// Takes back everything since `mark`.
    void roll_back(Mark mark);
    /// After code that may or may not have run: joins what it left with what was there before.
    void join_with_before(Mark mark);

    /// Remembers, until the frame is popped, every value that anything had: code that may be left
    /// anywhere (break, return) leaves any of them. Taking back does not make them forgotten.
    void push_frame() { frames_.emplace_back(); }
    enum class FrameEnd { Keep, JoinAll };
    void pop_frame(FrameEnd end);
    /// The same for what a trap may see: from its first setting to the end of its shell.
    void push_shell() { ++shell_depth_; }
    void pop_shell();
    /// How many shells deep this is; the text's own is 0.
    [[nodiscard]] std::size_t shell_depth() const { return shell_depth_; }
    void start_trap_history();
    [[nodiscard]] bool has_trap_history() const {
        return !trapped_.empty() && trapped_.back().shell_depth == shell_depth_;
    }
    void apply_trap_history();

    /// A name's number: from 0, in order of appearance.
    using Id = std::uint32_t;
    template <class T>
    struct Entry {
        Id id = 0;
        const T* value = nullptr;  ///< nullptr: none by that name
    };
    /// What changed, in order of number, each once.
    struct Delta {
        std::vector<Entry<Variable>> variables;
        std::vector<Entry<Function>> functions;
        Core core;
    };
    /// What changed since `mark`.
    [[nodiscard]] Delta delta_since(Mark mark) const;
    /// The same, and takes it back.
    Delta take_delta(Mark mark);
    static Delta unchanged(const Core& core);
    /// Whether join_with_before(mark) would leave anything other than what was before.
    [[nodiscard]] bool changes_on_join(Mark mark);
    /// Joins alternatives, exactly one of which ran.
    void join_alternatives(std::span<const Delta> alternatives);

private:
    struct Name {
        std::string_view text;
        const Variable* variable = nullptr;
        const Function* function = nullptr;
    };
    struct Change {
        enum class Kind : std::uint8_t { Variable, Function, Core } kind = Kind::Core;
        Id id = 0;
        const Variable* variable = nullptr;  ///< before
        const Function* function = nullptr;  ///< before
        Core core;                           ///< before
    };
    struct History {
        std::unordered_map<Id, const Variable*> variables;
        std::unordered_map<Id, const Function*> functions;
        std::optional<Core> core;
    };
    struct TrapHistory {
        std::size_t shell_depth = 0;
        History history;
    };
    enum class Owned : std::uint8_t { No, Yes };
    [[nodiscard]] std::optional<Id> find(std::string_view name) const;
    Id intern(std::string_view name, Owned owned);
    const Variable* keep(Variable value);
    const Function* keep(Function value);
    /// The value of either of two paths; nullptr is a name that nothing set.
    const Variable* join_values(Id id, const Variable* a, const Variable* b);
    const Function* join_values(Id id, const Function* a, const Function* b);
    [[nodiscard]] const Variable* start_of(Id id);
    void change_variable(Id id, const Variable* value);
    void change_function(Id id, const Function* value);
    void put_variable(Id id, const Variable* value);
    void remember(History& history, const Change& change);
    void record(const Change& change);
    void apply(const History& history);

    std::vector<Name> names_;
    /// Where there are more names than are looked through one by one.
    std::unordered_map<std::string_view, Id> index_;
    Arena name_texts_;
    std::forward_list<Variable> variables_;
    std::forward_list<Function> functions_;
    bool any_function_ = false;
    std::map<std::string_view, const Variable*> exported_;
    Core core_;
    std::vector<Change> journal_;
    std::vector<History> frames_;
    std::size_t shell_depth_ = 0;
    std::vector<TrapHistory> trapped_;
};

}  // namespace countersign::shell
