//! The page as a whole.

use std::time::{SystemTime, UNIX_EPOCH};

use super::super::sections::{Section, WholeReport};
use super::{memory, performance, summary, trends};
use crate::html::document::{self, document};
use crate::html::text::{escape, rich};
use crate::quantity::moment;

impl WholeReport {
    /// One page that stands alone, for a browser, a phone or paper. It loads nothing: its policy forbids it. Its tables
    /// can be sorted, with the keyboard as well; the table of measurements has a filter and pages.
    ///
    /// Of many samples only some are drawn, which it says. It holds 12,000 measurements; the CSV and the JSON hold all.
    pub fn html(&self) -> String {
        let mut sections: Vec<(Section, String)> = Vec::new();
        if let Some(content) = &self.summary {
            sections.push((Section::Summary, summary::summary(content)));
        }
        if let Some(content) = &self.recommendations {
            let items: String = content
                .iter()
                .take(100)
                .map(|item| {
                    format!(
                        "<li><p class=\"action\"><span class=\"priority {name}\">{name}</span> {}</p><p>{}</p></li>\n",
                        rich(&item.action),
                        rich(&item.because),
                        name = item.priority.name()
                    )
                })
                .collect();
            let list = if items.is_empty() {
                items
            } else {
                format!("<ol class=\"actions\">\n{items}</ol>\n")
            };
            sections.push((Section::Recommendations, list + &more(content.len(), 100)));
        }
        if let Some(content) = &self.performance {
            sections.push((Section::Performance, performance::performance(content)));
        }
        if let Some(content) = &self.memory {
            sections.push((Section::Memory, memory::memory(content)));
        }
        if let Some(content) = &self.bottlenecks {
            let items: String = content
                .iter()
                .take(20)
                .map(|bottleneck| format!("<li>{}</li>\n", rich(&bottleneck.sentence)))
                .collect();
            let list = if items.is_empty() {
                items
            } else {
                format!("<ul class=\"findings\">\n{items}</ul>\n")
            };
            sections.push((Section::Bottlenecks, list + &more(content.len(), 20)));
        }
        if let Some(content) = &self.trends {
            sections.push((Section::Trends, trends::trends(content)));
        }
        sections.retain(|(_, content)| !content.is_empty());
        let title = format!("{} · Tachy", self.title);
        let body = self.head(&sections) + &main(&sections);
        document(
            &title,
            &[document::STYLE, include_str!("report.css")],
            &body,
            Some(include_str!("report.js")),
        )
    }

    fn head(&self, sections: &[(Section, String)]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let links: String = sections
            .iter()
            .map(|(section, _)| {
                format!("<li><a href=\"#{}\">{}</a></li>", anchor(*section), section.title())
            })
            .collect();
        let links = match sections.len() {
            0 | 1 => String::new(),
            _ => {
                format!("<nav aria-label=\"Sections\"><ul class=\"sections\">{links}</ul></nav>\n")
            }
        };
        let scope = self.summary.as_ref().map_or(String::new(), |summary| {
            format!("<p class=\"model\">{}</p>\n", escape(&summary.scope))
        });
        format!(
            "<header class=\"top\">\n<p class=\"kicker\"><b>Tachy</b> report · written {}</p>\n<h1>{}</h1>\n{scope}{links}</header>\n",
            moment(now),
            escape(&self.title)
        )
    }
}

fn main(sections: &[(Section, String)]) -> String {
    let sections: String = sections
        .iter()
        .map(|(section, content)| {
            let id = anchor(*section);
            format!(
                "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{}</h2>\n{content}</section>\n",
                section.title()
            )
        })
        .collect();
    match sections.is_empty() {
        true => "<main><p>There is nothing to report on.</p></main>\n".to_owned(),
        false => format!("<main>\n{sections}</main>\n"),
    }
}

fn anchor(section: Section) -> String {
    section.title().to_lowercase()
}

/// What a list leaves out.
fn more(count: usize, shown: usize) -> String {
    match count.saturating_sub(shown) {
        0 => String::new(),
        more => format!("<p class=\"fine\">{more} more are in the CSV and in the JSON.</p>\n"),
    }
}
