#include "shell/fields.h"

#include "shell/quoting.h"

namespace countersign::shell {

namespace {

/// Whether bash would look for files: an unescaped * or ?, or a [ that is closed.
bool is_glob(std::string_view pattern) {
    bool open = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\') {
            ++i;
        } else if (c == '*' || c == '?' || (c == ']' && open)) {
            return true;
        } else {
            open = open || c == '[';
        }
    }
    return false;
}

}  // namespace

void FieldBuilder::append(std::string_view text, Quoting quoting) {
    if (quoting == Quoting::Quoted) {
        if (quoted_.empty() || quoted_.back().end != text_.size()) {
            quoted_.push_back({text_.size(), text_.size()});
        }
        quoted_.back().end += text.size();
    } else {
        glob_ = glob_ || holds_glob_character(text);
    }
    text_ += text;
}

/// The field as a pattern: what was quoted stands for itself.
std::string FieldBuilder::pattern() const {
    std::string out;
    std::size_t at = 0;
    for (const Range& range : quoted_) {
        out.append(text_, at, range.begin - at);
        out += escape_pattern(std::string_view(text_).substr(range.begin, range.end - range.begin));
        at = range.end;
    }
    return out.append(text_, at, std::string::npos);
}

void FieldBuilder::literal(std::string_view text, Quoting quoting) {
    started_ = started_ || !text.empty() || quoting == Quoting::Quoted;
    after_space_ = false;
    append(text, quoting);
}

void FieldBuilder::expansion(const Value& value, Quoting quoting) {
    if (extended_globs_ && quoting == Quoting::None && splitting_ == Splitting::Fields &&
        value.text.find('(') != std::string::npos) {
        unknown(Value::unknown("a value that may be an extended pattern"), quoting);
        return;
    }
    switch (value.kind) {
        case Value::Kind::Unset:
            return;
        case Value::Kind::Text:
            if (quoting == Quoting::Quoted || splitting_ == Splitting::Single) {
                started_ = started_ || !value.text.empty();
                append(value.text, quoting);
            } else {
                split(value.text);
            }
            return;
        case Value::Kind::Glob:
            if (quoting == Quoting::None && splitting_ == Splitting::Fields) {
                unknown(Value::unknown("a file name that may hold blanks stands unquoted"),
                        quoting);
                return;
            }
            started_ = true;
            text_ += value.text;
            glob_ = glob_value_ = true;
            return;
        case Value::Kind::Number: {
            Value plain = value;
            const bool safe =
                separators_known_ && separators_.find_first_of("-0123456789") == std::string::npos;
            unknown(plain, safe ? Quoting::Quoted : quoting);
            return;
        }
        case Value::Kind::Unknown:
            unknown(value, quoting);
            return;
    }
}

void FieldBuilder::unknown(const Value& value, Quoting quoting) {
    started_ = true;
    number_ = !unknown_ && value.kind == Value::Kind::Number;
    pieces_known_ = (!unknown_ || pieces_known_) && !value.pieces.empty() &&
                    pieces_.size() + value.pieces.size() < kPiecesMax;
    if (pieces_known_) {
        close_piece();
        for (const model::WordPiece& piece : value.pieces) {
            append_piece(pieces_, piece);
        }
    }
    if (!unknown_) {
        unknown_ = true;
        why_ = value.why;
        prefix_ = text_;
        if (quoting == Quoting::Quoted || splitting_ == Splitting::Single) {
            prefix_ += value.text;
        }
    }
    splits_ = splits_ || (quoting == Quoting::None && splitting_ == Splitting::Fields);
}

void FieldBuilder::close_piece() {
    append_piece(pieces_, {text_.substr(piece_begin_), false});
    piece_begin_ = text_.size();
}

void FieldBuilder::split(std::string_view text) {
    if (!separators_known_) {
        if (!text.empty()) {
            unknown(Value::unknown("IFS is not known"), Quoting::None);
        }
        return;
    }
    for (const char c : text) {
        if (!separates(c)) {
            started_ = true;
            after_space_ = false;
            append(std::string_view(&c, 1), Quoting::None);
            continue;
        }
        const bool space = c == ' ' || c == '\t' || c == '\n';
        if (space) {
            if (started_) {
                end_field();
                after_space_ = true;
            }
        } else if (started_ || !after_space_) {
            end_field();
            after_space_ = false;
        } else {
            after_space_ = false;
        }
    }
}

void FieldBuilder::next_element() {
    if (started_) {
        end_field();  // an empty element that is not quoted is no word
    }
    after_space_ = false;
}

void FieldBuilder::end_field() {
    model::Word word;
    if (unknown_) {
        word.known_prefix = std::move(prefix_);
        word.why_unknown = std::move(why_);
        word.splits = splits_;
        word.number = number_ && text_.empty() && !splits_;
        if (pieces_known_ && !glob_) {
            close_piece();
            word.pieces = std::move(pieces_);
        }
        number_ = pieces_known_ = false;
        piece_begin_ = 0;
        pieces_.clear();
    } else {
        std::string as_pattern = glob_ ? pattern() : std::string();
        word.glob = glob_value_ || (glob_ && is_glob(as_pattern));
        word.value = word.glob ? std::move(as_pattern) : std::move(text_);
    }
    fields_.push_back(std::move(word));
    started_ = unknown_ = splits_ = glob_ = glob_value_ = false;
    text_.clear();
    quoted_.clear();
    prefix_.clear();
    why_.clear();
}

std::vector<model::Word> FieldBuilder::finish(Span span) {
    if (started_ || splitting_ == Splitting::Single) {
        if (splitting_ == Splitting::Single && !glob_value_) {
            glob_ = false;
        }
        end_field();
    }
    for (model::Word& word : fields_) {
        word.span = span;
    }
    return std::move(fields_);
}

}  // namespace countersign::shell
