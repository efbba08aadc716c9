" Works in train.py as a user does, and notes in results.json what is to be seen. Vim goes on between the steps.
let s:results = {}
let s:ticks = 0

function s:Seen() abort
  let l:shown = copy(ale#engine#GetLoclist(bufnr('')))
  return map(l:shown, {_, one -> {'row': one.lnum, 'column': one.col, 'code': get(one, 'code', ''), 'text': one.text}})
endfunction

function s:Lines() abort
  return filter(getline(1, '$'), {_, line -> !empty(line)})
endfunction

function s:LookAndAsk() abort
  let s:results.shown = s:Seen()
  call cursor(s:results.shown[0].row, s:results.shown[0].column)
  ALECodeAction
endfunction

function s:NoteMended() abort
  let s:results.fixed = s:Lines()
  let s:results.left = s:Seen()
endfunction

function s:BreakAndSave() abort
  call setline(5, 'params = model.parameters()')
  call append('$', '# the end')
  silent write
endfunction

function s:NoteSaved() abort
  let s:results.saved = readfile('train.py')
endfunction

let s:steps = [
\   [{-> !empty(s:Seen())}, function('s:LookAndAsk')],
\   [{-> mode() =~# '^[cr]'}, {-> feedkeys("1\<CR>", 't')}],
\   [{-> getline(5) =~# 'list('}, {-> feedkeys('h', 't')}],
\   [{-> empty(s:Seen())}, function('s:NoteMended')],
\   [{-> v:true}, function('s:BreakAndSave')],
\   [{-> getline(5) =~# 'list(' && !&modified}, function('s:NoteSaved')],
\]

function s:Tick(timer) abort
  let [l:Ready, l:Step] = s:steps[0]
  let s:ticks += 1
  if !l:Ready()
    if s:ticks > 600
      call s:Finish('waited in vain, ' . len(s:steps) . ' steps before the end: ' . string(s:Lines()))
    endif
    return
  endif
  try
    call remove(s:steps, 0)
    call l:Step()
  catch
    call s:Finish(v:exception . ' ' . v:throwpoint)
  endtry
  if empty(s:steps)
    call s:Finish('')
  endif
endfunction

function s:Finish(trouble) abort
  let s:results.trouble = a:trouble
  call writefile([json_encode(s:results)], 'results.json')
  qall!
endfunction

call timer_start(50, function('s:Tick'), {'repeat': -1})
