// SPDX-License-Identifier: GPL-2.0-only

//! Sorting with little stack. The sort of `core` needs kilobytes, too much for a kernel stack.
//!
//! Mirrors [`lib/sort.c`](srctree/lib/sort.c), which sorts raw memory.

/// Sorts `elements` by `key`. The order of equal ones is unspecified.
pub(super) fn by_key<T, K: Ord>(elements: &mut [T], key: impl Fn(&T) -> K) {
    // Heapsort: build a max-heap, then move its top to the end repeatedly.
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
