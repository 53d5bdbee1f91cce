//! Colours: from none to true colour, for dark and for light terminals. The background stays the terminal's own.

use ratatui::style::{Color, Modifier, Style};

/// The number of colours of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Depth {
    /// No colours: bold, dim and reversed text alone.
    #[default]
    None,
    /// The 16 colours whose looks the terminal decides.
    Ansi16,
    /// The 256 colours.
    Ansi256,
    /// Any colour.
    True,
}

/// The brightness behind the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Background {
    /// Something dark.
    #[default]
    Dark,
    /// Something light.
    Light,
}

/// The colours of the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Theme {
    /// How many there are.
    pub depth: Depth,
    /// What they stand on.
    pub background: Background,
}

impl Theme {
    /// The colours of a terminal.
    #[must_use]
    pub const fn new(depth: Depth, background: Background) -> Self {
        Self { depth, background }
    }

    /// The same colours for the other background.
    pub(crate) const fn turned(self) -> Self {
        let background = match self.background {
            Background::Dark => Background::Light,
            Background::Light => Background::Dark,
        };
        Self { background, ..self }
    }
}

/// What something on the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// What is read as it is.
    Text,
    /// Figures that matter most.
    Strong,
    /// What stands beside.
    Dim,
    /// The tab, the column that is looked at.
    Title,
    /// The bars of charts and rows.
    Bar,
    /// The bar of the stretch of time that is not over.
    BarNow,
    /// The part of bars that is not filled.
    Groove,
    /// A row that was chosen.
    Chosen,
    /// A number that has just changed.
    Flash,
    /// A key that may be pressed.
    Key,
    Good,
    Warning,
    Bad,
    Input,
    Output,
    CacheWrite,
    CacheRead,
    Unclassified,
}

/// A colour: of the 16, and of any, on something dark and on something light.
struct Ink(Color, u32, u32);

impl Role {
    const fn ink(self) -> Option<Ink> {
        Some(match self {
            Self::Text | Self::Strong | Self::Chosen => return None,
            Self::Dim => Ink(Color::DarkGray, 0x87_87_87, 0x6c_6c_6c),
            Self::Groove => Ink(Color::DarkGray, 0x44_44_44, 0xd0_d0_d0),
            Self::Title => Ink(Color::Cyan, 0x5f_d7_ff, 0x00_5f_af),
            Self::Bar | Self::CacheRead => Ink(Color::Blue, 0x5f_87_d7, 0x5f_87_d7),
            Self::BarNow => Ink(Color::Cyan, 0x5f_d7_ff, 0x00_87_d7),
            Self::Flash => Ink(Color::Yellow, 0xff_d7_5f, 0xaf_5f_00),
            Self::Key => Ink(Color::Cyan, 0x87_d7_d7, 0x00_5f_87),
            Self::Good => Ink(Color::Green, 0x87_d7_87, 0x00_87_00),
            Self::Warning => Ink(Color::Yellow, 0xff_af_5f, 0xaf_5f_00),
            Self::Bad => Ink(Color::Red, 0xff_87_87, 0xd7_00_00),
            Self::Input => Ink(Color::Green, 0x87_d7_87, 0x00_87_5f),
            Self::Output => Ink(Color::Yellow, 0xff_af_5f, 0xd7_5f_00),
            Self::CacheWrite => Ink(Color::Magenta, 0xd7_87_d7, 0xaf_00_af),
            Self::Unclassified => Ink(Color::DarkGray, 0x9e_9e_9e, 0x76_76_76),
        })
    }

    const fn modifier(self) -> Modifier {
        match self {
            Self::Strong | Self::Title | Self::Flash | Self::Key => Modifier::BOLD,
            _ => Modifier::empty(),
        }
    }
}

impl Theme {
    /// Returns how something looks.
    pub(crate) fn style(self, role: Role) -> Style {
        let style = Style::default().add_modifier(role.modifier());
        if role == Role::Chosen {
            return match (self.depth, self.background) {
                (Depth::None | Depth::Ansi16, _) => style.add_modifier(Modifier::REVERSED),
                (_, Background::Dark) => style.bg(self.color(0x30_30_30)),
                (_, Background::Light) => style.bg(self.color(0xda_da_da)),
            };
        }
        match (self.depth, role.ink()) {
            (Depth::None, Some(_)) if matches!(role, Role::Dim | Role::Groove) => {
                style.add_modifier(Modifier::DIM)
            }
            (Depth::None, _) | (_, None) => style,
            (Depth::Ansi16, Some(Ink(color, ..))) => style.fg(color),
            (_, Some(Ink(_, dark, light))) => style.fg(self.color(match self.background {
                Background::Dark => dark,
                Background::Light => light,
            })),
        }
    }

    fn color(self, rgb: u32) -> Color {
        let [_, red, green, blue] = rgb.to_be_bytes();
        match self.depth {
            Depth::True => Color::Rgb(red, green, blue),
            _ => Color::Indexed(indexed(red, green, blue)),
        }
    }
}

/// The nearest of the 256 colours: of the cube of six steps each, or of the greys.
fn indexed(red: u8, green: u8, blue: u8) -> u8 {
    if red == green && green == blue && red >= 8 {
        // The steps from 8 on, ten apart; those of the cube are among the inks only where they meet.
        return 232 + ((red - 8 + 5) / 10).min(23);
    }
    let step = |of: u8| match of {
        0..48 => 0,
        48..115 => 1,
        _ => (of - 35) / 40,
    };
    16 + 36 * step(red) + 6 * step(green) + step(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_are_those_of_the_cube() {
        assert_eq!(indexed(0x5f, 0x87, 0xd7), 68);
        assert_eq!(indexed(0xff, 0xd7, 0x5f), 221);
        assert_eq!(indexed(0, 0x5f, 0xaf), 25);
        assert_eq!(indexed(0x87, 0x87, 0x87), 245);
        assert_eq!(indexed(0x30, 0x30, 0x30), 236);
        assert_eq!(indexed(0xff, 0xff, 0xff), 255);
    }
}
