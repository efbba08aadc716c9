;;; Works in train.py as a user does, and notes in results.json what is to be seen.  -*- lexical-binding: t -*-
(require 'cl-lib)
(require 'json)

(setq native-comp-async-report-warnings-errors 'silent) ; no window of its own beside ours

(defvar results nil)

(defun note (name value)
  (push (cons name value) results))

(defun wait-until (holds)
  (let ((end (+ (float-time) 30)))
    (while (and (not (funcall holds)) (< (float-time) end))
      (sit-for 0.05))))

(defun place (position)
  (save-excursion
    (goto-char position)
    `((row . ,(line-number-at-pos)) (column . ,(1+ (current-column))))))

(defun seen ()
  (vconcat
   (mapcar (lambda (one) `((text . ,(flymake-diagnostic-text one)) ,@(place (flymake-diagnostic-beg one))))
           (flymake-diagnostics))))

(defun nothing-seen () (null (flymake-diagnostics)))
(defun something-seen () (flymake-diagnostics))

(defun lines ()
  (vconcat (split-string (buffer-substring-no-properties (point-min) (point-max)) "\n" t)))

(defun break-again ()
  (goto-char (point-min))
  (search-forward "list(model.parameters())")
  (replace-match "model.parameters()"))

(defun press-return ()
  (setq last-nonmenu-event ?\r)
  (push ?\r unread-command-events))

;; While eglot waits for its server, what we do could be cut short; so work begins when there is something to be seen.
(defvar start-timer nil)
(defvar looks 0)

(defun start-when-seen ()
  (switch-to-buffer "train.py")
  (when (or (something-seen) (> (cl-incf looks) 300))
    (cancel-timer start-timer)
    (condition-case trouble (work) (error (note 'trouble (format "%S" trouble))))
    (with-temp-file "results.json" (insert (json-encode results)))
    (kill-emacs)))

(defun work ()
  (note 'shown (seen))
  (goto-char (flymake-diagnostic-beg (car (flymake-diagnostics))))
  (note 'offered (vconcat (mapcar (lambda (action) (plist-get action :title)) (eglot-code-actions (point)))))
  (press-return)
  (call-interactively #'eglot-code-actions)
  (note 'fixed (lines))
  (wait-until #'nothing-seen)
  (note 'left (seen))
  (break-again)
  (wait-until #'something-seen)
  (goto-char (point-max))
  (insert "# the end\n")
  (save-buffer)
  (note 'saved (lines)))

(setq start-timer (run-with-timer 0.2 0.1 #'start-when-seen))
