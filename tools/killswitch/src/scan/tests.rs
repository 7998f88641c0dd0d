// SPDX-License-Identifier: GPL-2.0-only

//! Tests with the [sample kernel](Directory).

use super::*;
use crate::{image::tests::Directory, tests::golden};

fn sample(name: &str) -> Kernel {
    Kernel::new(Directory::new(name).open())
}

/// The output of `write`.
fn written(
    delimiter: u8,
    write: impl FnOnce(&mut Output<&mut Vec<u8>>) -> io::Result<()>,
) -> String {
    let mut text = Vec::new();
    let mut out = Output::table(&mut text, delimiter);

    write(&mut out).unwrap();
    out.flush().unwrap();
    drop(out);
    String::from_utf8(text).unwrap()
}

/// The number of invalid lines of `text`, and the columns of each answer.
fn judged(kernel: &Kernel, text: &str) -> (usize, Vec<Vec<String>>) {
    let lines = read(text.as_bytes()).unwrap();
    let mut wrong = 0;
    let answers = written(b',', |out| {
        wrong = list(kernel, &lines, out)?;
        Ok(())
    });
    let mut answers = csv::Reader::from_reader(answers.as_bytes());
    let columns = ["function", "value", "scope", "verdict", "rule", "reason"];

    assert_eq!(answers.headers().unwrap(), &columns[..]);
    (
        wrong,
        answers
            .records()
            .map(|it| it.unwrap().iter().map(str::to_owned).collect())
            .collect(),
    )
}

fn line(function: &str, value: &str, scope: &str) -> Line {
    Line {
        function: function.into(),
        value: value.into(),
        scope: scope.into(),
        condition: String::new(),
    }
}

#[test]
fn conditions_are_compiled() {
    let kernel = sample("scan-conditions");
    let text = "function,value,if\nfirst,-1,$uid!=0\nfirst,-1,number==1\nfirst,-1,$uid!\n\
                first,0,number==1\nother:first,-1,number==1\n";
    let (wrong, answers) = judged(&kernel, text);
    let verdicts: Vec<_> = answers.iter().map(|it| [&*it[3], &*it[4]]).collect();

    assert_eq!(
        verdicts,
        [
            ["allow", ""],
            ["refuse", "condition"],
            ["?", ""],
            ["refuse", "default"],
            ["allow", ""],
        ]
    );
    assert_eq!(
        answers[1][5],
        "the function has no such argument at character 1 of the condition"
    );
    assert_eq!(wrong, 1);
}

#[test]
fn columns_are_found_by_name() {
    for value in ["value", "retval", "bypass_retval"] {
        let text = format!("cve,{value} , scope,function\n1,-EPERM,nonroot, f \n2,0x1,all,x:g\n");

        assert_eq!(
            read(text.as_bytes()).unwrap(),
            [line("f", "-EPERM", "nonroot"), line("x:g", "0x1", "all")]
        );
    }
}

#[test]
fn modules_have_a_column_or_prefix_the_function() {
    let text = "module,function,value\nx,f,1\nx,y:g,2\n,h,3\nx,,4\n";

    assert_eq!(
        read(text.as_bytes()).unwrap(),
        [
            line("x:f", "1", "all"),
            line("y:g", "2", "all"),
            line("h", "3", "all"),
            line("", "4", "all"),
        ]
    );
}

#[test]
fn missing_columns_are_empty() {
    let text = "function,value,scope\nf,1,\nf,1\nf\n,,nonroot\nf,1,all,more\n";

    assert_eq!(
        read(text.as_bytes()).unwrap(),
        [
            line("f", "1", "all"),
            line("f", "1", "all"),
            line("f", "", "all"),
            line("", "", "nonroot"),
            line("f", "1", "all"),
        ]
    );
    assert_eq!(read(&b"function,value\n"[..]).unwrap(), []);
}

#[test]
fn required_columns_are_named() {
    let problem = |text: &str| read(text.as_bytes()).unwrap_err().to_string();

    assert_eq!(problem(""), "it has no column \"function\"");
    assert_eq!(
        problem("name,value\nf,1\n"),
        "it has no column \"function\""
    );
    assert_eq!(
        problem("function,number\nf,1\n"),
        "it has no column \"value\", \"retval\" or \"bypass_retval\""
    );
    assert!(read(&b"function,value\nf,\xff\n"[..]).is_err());
}

#[test]
fn each_line_gets_its_verdict() {
    /// A function, a value, a scope, and the verdict.
    const CASES: &[(&str, &str, &str, &str, &str)] = &[
        // A module that is not a guard.
        ("first", "-1", "all", "allow", ""),
        ("plain:first", "-EPERM", "nonroot", "allow", ""),
        ("first", "0", "all", "refuse", "default"),
        // A guard.
        ("second", "-1", "all", "refuse", "default"),
        ("second", "-1", "nonroot", "allow", ""),
        ("nf_sample:second", "-0x1", "nonroot", "allow", ""),
        // The kernel.
        ("f", "0", "all", "refuse", "default"),
        ("vmlinux:f", "NULL", "all", "refuse", "default"),
        ("callback", "-1", "all", "refuse", "lsm-hook"),
        // In the kernel, but in no module.
        ("other:f", "0", "all", "refuse", "default"),
        // On the kernel's blacklist.
        ("plain:local", "-1", "all", "refuse", "EOPNOTSUPP"),
        ("listed", "-1", "all", "refuse", "EOPNOTSUPP"),
        // Without a function.
        ("nothing", "-1", "all", "absent", ""),
        ("vmlinux:first", "-1", "all", "absent", ""),
        ("plain:second", "-1", "all", "absent", ""),
        // Of modules that do not exist.
        ("other:first", "-1", "all", "allow", ""),
        ("nf_other:first", "-1", "all", "refuse", "default"),
        ("nf_other:first", "-1", "nonroot", "allow", ""),
        ("nf_other:first", "0", "nonroot", "refuse", "default"),
    ];
    let mut text = String::from("function,value,scope\n");

    for (function, value, scope, _, _) in CASES {
        text += &format!("{function},{value},{scope}\n");
    }
    let (wrong, answers) = judged(&sample("verdicts"), &text);

    assert_eq!(wrong, 0);
    assert_eq!(answers.len(), CASES.len());
    for (answer, (function, value, scope, verdict, rule)) in answers.iter().zip(CASES) {
        assert_eq!(answer[..5], [*function, value, scope, verdict, rule]);
    }
}

#[test]
fn reasons_suggest_alternatives() {
    let text = "function,value\nfirst,-1\nfirst,0\nlisted,-1\nplain:f,-1\nnone,1\n\
                other:first,-1\nnf_other:first,-1\n";
    let (_, answers) = judged(&sample("reasons"), text);
    let reasons: Vec<&str> = answers.iter().map(|it| &*it[5]).collect();

    assert_eq!(reasons[0], "it returns int");
    assert!(
        reasons[1].ends_with("(rule default); instead: second -1 scope=nonroot"),
        "{}",
        reasons[1]
    );
    assert_eq!(reasons[2], "the kernel cannot probe it");
    assert_eq!(reasons[3], "module plain has no function of this name");
    assert_eq!(reasons[4], "there is no function of this name");
    assert_eq!(
        reasons[5],
        "module other was not read; the verdict is by its names only"
    );
    assert!(
        reasons[6].ends_with(
            "(rule default); module nf_other was not read; the verdict is by its names only"
        ),
        "{}",
        reasons[6]
    );
}

#[test]
fn invalid_lines_are_counted() {
    let text = "function,value,scope\n,1,\nf,,\nf,maybe,\nf,1,root\nf g,1,\nfirst,-1,\na:b:c,1,\n";
    let (wrong, answers) = judged(&sample("wrong"), text);
    let reasons: Vec<_> = answers
        .iter()
        .filter(|it| it[3] == "?" && it[4].is_empty())
        .map(|it| &*it[5])
        .collect();

    assert_eq!(wrong, 6);
    assert_eq!(answers.len(), 7);
    assert_eq!(answers[5][3], "allow");
    assert_eq!(
        reasons,
        [
            "the function name is missing",
            "the return value is missing",
            "'maybe' is not a return value; write a decimal or 0x number, an error such as -EPERM, \
             NULL or void",
            "unknown scope 'root'; write scope=all or scope=nonroot",
            "'f g' is not a function name; write symbol or module:symbol",
            "'a:b:c' is not a function name; write symbol or module:symbol",
        ]
    );
}

#[test]
fn accepted_lists_are_accepted_again() {
    let kernel = sample("all");
    let accepted = written(b',', |out| all(&kernel, out));
    let (wrong, answers) = judged(&kernel, &accepted);

    assert_eq!(
        accepted,
        "function,module,zone,returns,value,scope\n\
         second,nf_sample,guard,int,-1,nonroot\n\
         first,plain,module,int,-1,all\n"
    );
    assert_eq!(wrong, 0);
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|it| it[3] == "allow"), "{answers:?}");
}

#[test]
fn everything_is_counted() {
    let counts = written(b'\t', |out| counts(&sample("counts"), out));

    // `last` returns nothing; its address has another symbol, which the table names.
    assert_eq!(
        counts,
        "zone\tvalue\tverdict\tfunctions\n\
         core\t-1\tdefault\t2\n\
         core\t0\tdefault\t2\n\
         core\t1\tdefault\t2\n\
         core\tvoid\tsecurity-base\t1\n\
         guard\t-1\taccepted-nonroot\t1\n\
         guard\t0\tdefault\t1\n\
         guard\t1\tdefault\t1\n\
         module\t-1\taccepted\t1\n\
         module\t0\tdefault\t1\n\
         module\t1\tdefault\t1\n"
    );
}

#[test]
fn values_match_the_return_type() {
    let kernel = sample("values");
    let mut rows = Vec::new();

    super::rows(&kernel, |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap();
    let values = |function| -> Vec<&str> {
        let rows = rows.iter().filter(|row| row.function == function);

        rows.map(|row| row.value).collect()
    };

    assert_eq!(values("f"), ["-1", "0", "1"]);
    assert_eq!(values("last"), ["void"]);
    // Functions that cannot be probed are skipped.
    for function in ["local", "listed", "callback", "init_module", "f.cold"] {
        assert!(values(function).is_empty(), "{function}");
    }
}

/// One file for each, by the names that [`schema`](crate::schema) uses.
#[test]
fn json_matches_the_golden_files() {
    let kernel = sample("scan-json");
    let list = read(b"function,value\nfirst,-1\nfirst,0\nlisted,-1\nnone,1\nf,\n").unwrap();
    let json = |name: &str, write: &dyn Fn(&mut Output<&mut Vec<u8>>) -> io::Result<()>| {
        let mut text = Vec::new();

        write(&mut Output::Json(&mut text, kernel.image().source())).unwrap();
        golden(
            &format!("src/scan/golden/scan-{name}.json"),
            &String::from_utf8(text).unwrap(),
        );
    };

    json("list", &|out| super::list(&kernel, &list, out).map(|_| ()));
    json("all", &|out| all(&kernel, out));
    json("counts", &|out| counts(&kernel, out));
}
