// SPDX-License-Identifier: GPL-2.0-only

//! Sorting on a small stack. `core`'s own sort takes kilobytes of it, which a kernel stack lacks.
//!
//! Mirrors [`lib/sort.c`](srctree/lib/sort.c), which sorts raw memory.

/// Sorts `elements` by what `key` says of them. Equal ones end in any order.
pub(super) fn by_key<T, K: Ord>(elements: &mut [T], key: impl Fn(&T) -> K) {
    // A heap with the largest element on top; then the top goes behind it, again and again.
    for root in (0..elements.len() / 2).rev() {
        sift_down(elements, root, &key);
    }
    for end in (1..elements.len()).rev() {
        elements.swap(0, end);
        sift_down(&mut elements[..end], 0, &key);
    }
}

/// Moves the element at `root` down until none below it is larger.
fn sift_down<T, K: Ord>(heap: &mut [T], mut root: usize, key: &impl Fn(&T) -> K) {
    loop {
        let mut child = 2 * root + 1;
        if child >= heap.len() {
            return;
        }
        if child + 1 < heap.len() && key(&heap[child]) < key(&heap[child + 1]) {
            child += 1;
        }
        if key(&heap[root]) >= key(&heap[child]) {
            return;
        }
        heap.swap(root, child);
        root = child;
    }
}
